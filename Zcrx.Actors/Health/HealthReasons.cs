using Zcrx.Rx;

namespace Zcrx.Actors.Health;

/// <summary>What is wrong, as codes that never change: for programs, and for the tables in docs/operations.md.</summary>
internal static class HealthReasons
{
    /// <summary>The codes of a status, each with what it is about: <c>pool_exhausted:eth0-2</c>. Empty when nothing is wrong.</summary>
    public static IReadOnlyList<string> Of(ZcrxStatus status) =>
    [
        .. status.State is ZcrxState.Running ? [] : new[] { $"not_running:{status.State}" },
        .. status.State is ZcrxState.Running && !status.IsAccepting ? ["not_accepting"] : Array.Empty<string>(),
        .. status.Queues.Select(Code).OfType<string>(),
        .. status.Listeners.Where(static listener => listener.Error is not null).Select(static listener => $"listener_failed:{listener.Name}"),
        .. status.Rebalancing.Degraded.Count > 0 ? ["connections_degraded"] : Array.Empty<string>(),
        .. status.RefusedOptions.Count > 0 ? ["options_refused"] : Array.Empty<string>(),
    ];

    private static string? Code(QueueStatus queue) => queue.State switch
    {
        QueueState.Open => queue.Pressure == PoolPressureLevel.Exhausted ? $"pool_exhausted:{queue.Name}" : null,
        QueueState.Failed => $"queue_failed:{queue.Name}",
        QueueState.Restarting => $"queue_restarting:{queue.Name}",
        _ => $"queue_not_open:{queue.Name}",
    };
}
