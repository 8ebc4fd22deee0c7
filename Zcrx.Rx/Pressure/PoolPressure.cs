namespace Zcrx.Rx;

/// <summary>Represents the state of a queue's pool at a change of its level.</summary>
/// <param name="Queue">The queue's name.</param>
/// <param name="Level">The new level.</param>
/// <param name="BuffersOut">The number of buffers that consumers lease, on all queues that share the memory.</param>
/// <param name="Buffers">The number of buffers in the pool.</param>
/// <param name="PausedConnections">The number of connections that receive nothing because of the pool.</param>
/// <param name="Time">The time of the change.</param>
public sealed record PoolPressure(string Queue, PoolPressureLevel Level, int BuffersOut, int Buffers, int PausedConnections, DateTimeOffset Time)
{
    /// <summary>
    /// Gets the buffers that wait in operators, if the operators hold most of an exhausted pool. Their bounds are then too large for the
    /// pool. Otherwise null.
    /// </summary>
    public QueuedBuffers? Queued { get; init; }
}
