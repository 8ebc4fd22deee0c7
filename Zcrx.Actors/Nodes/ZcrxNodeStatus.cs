using Zcrx.Actors.Health;

namespace Zcrx.Actors;

/// <summary>Represents the status of one process for other processes: numbers and text only. Immutable.</summary>
/// <remarks>
/// <see cref="ZcrxStatus"/> refers to objects of its process, such as exceptions, and cannot be sent to another process. This snapshot can
/// be sent by Akka.Remote and stored in distributed data. Its serializer uses a format that older and newer versions of Zcrx can read.
/// </remarks>
public sealed record ZcrxNodeStatus
{
    /// <summary>Gets the name of the process, such as its address in the cluster.</summary>
    public required string Node { get; init; }

    /// <summary>Gets the time of the status, by the clock of the process.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>Gets the state of the actor tree.</summary>
    public required ZcrxState State { get; init; }

    /// <summary>Gets a value indicating whether the ports are open.</summary>
    public bool IsAccepting { get; init; }

    /// <summary>
    /// Gets the codes of the problems, as in the health check: <c>pool_exhausted:eth0-2</c>. The list is empty without a problem.
    /// </summary>
    public IReadOnlyList<string> Reasons { get; init; } = [];

    /// <summary>Gets the status of each queue.</summary>
    public IReadOnlyList<ZcrxNodeQueue> Queues { get; init; } = [];

    /// <summary>Gets the status of each listener.</summary>
    public IReadOnlyList<ZcrxNodeListener> Listeners { get; init; } = [];

    /// <summary>Gets the names of the queues with a copy storm.</summary>
    public IReadOnlyList<string> Storms { get; init; } = [];

    /// <summary>Gets the number of connections whose payload the kernel copies, and for which the rebalancer has no remedy.</summary>
    public int DegradedConnections { get; init; }

    /// <summary>Creates the snapshot of a status.</summary>
    /// <param name="node">The name of the process.</param>
    /// <param name="status">The status. Its list of connections is not used, so it may be missing.</param>
    /// <returns>The snapshot.</returns>
    public static ZcrxNodeStatus From(string node, ZcrxStatus status)
    {
        ArgumentNullException.ThrowIfNull(node);
        ArgumentNullException.ThrowIfNull(status);
        return new ZcrxNodeStatus
        {
            Node = node,
            Time = status.Time,
            State = status.State,
            IsAccepting = status.IsAccepting,
            Reasons = HealthReasons.Of(status),
            Queues = [.. status.Queues.Select(ZcrxNodeQueue.From)],
            Listeners = [.. status.Listeners.Select(ZcrxNodeListener.From)],
            Storms = [.. status.Rebalancing.Storms],
            DegradedConnections = status.Rebalancing.Degraded.Count,
        };
    }
}
