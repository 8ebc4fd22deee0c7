using Zcrx.Rx;

namespace Zcrx.Actors.Health;

/// <summary>
/// Contains the codes by which programs recognize health problems. The codes never change. A test compares them with docs/operations.md.
/// </summary>
internal static class HealthReasons
{
    public const string NotRunning = "not_running";
    public const string NotAccepting = "not_accepting";
    public const string PoolExhausted = "pool_exhausted";
    public const string ReceiveStalled = "receive_stalled";
    public const string QueueStuck = "queue_stuck";
    public const string QueueFailed = "queue_failed";
    public const string QueueRestarting = "queue_restarting";
    public const string QueueNotOpen = "queue_not_open";
    public const string ListenerFailed = "listener_failed";
    public const string ConnectionsDegraded = "connections_degraded";
    public const string OptionsRefused = "options_refused";
    public const string DescriptorsLow = "descriptors_low";
    public const string ListenerFull = "listener_full";

    /// <summary>
    /// Returns the codes of the problems in a status; empty if there is none. A code contains the name of the affected queue or listener,
    /// such as <c>pool_exhausted:eth0-2</c>.
    /// </summary>
    public static IReadOnlyList<string> Of(ZcrxStatus status) =>
    [
        .. status.State is ZcrxState.Running ? [] : new[] { $"{NotRunning}:{status.State}" },
        .. status.State is ZcrxState.Running && !status.IsAccepting ? [NotAccepting] : Array.Empty<string>(),
        .. status.Queues.Select(Code).OfType<string>(),
        .. status.Queues.Where(static queue => queue.Stuck is not null).Select(static queue => $"{QueueStuck}:{queue.Name}"),
        .. status.Queues.Where(static queue => queue.StalledConnections > 0).Select(static queue => $"{ReceiveStalled}:{queue.Name}"),
        .. status.Queues.Where(static queue => queue.Statistics is { AwaitsDescriptors: true }).Select(static queue => $"{DescriptorsLow}:{queue.Name}"),
        .. status.Listeners.Where(static listener => listener.IsFull).Select(static listener => $"{ListenerFull}:{listener.Name}"),
        .. status.Listeners.Where(static listener => listener.Error is not null).Select(static listener => $"{ListenerFailed}:{listener.Name}"),
        .. status.Rebalancing.Degraded.Count > 0 ? [ConnectionsDegraded] : Array.Empty<string>(),
        .. status.RefusedOptions.Count > 0 ? [OptionsRefused] : Array.Empty<string>(),
    ];

    private static string? Code(QueueStatus queue) => queue.State switch
    {
        QueueState.Open => queue.Pressure == PoolPressureLevel.Exhausted ? $"{PoolExhausted}:{queue.Name}" : null,
        QueueState.Failed => $"{QueueFailed}:{queue.Name}",
        QueueState.Restarting => $"{QueueRestarting}:{queue.Name}",
        _ => $"{QueueNotOpen}:{queue.Name}",
    };
}
