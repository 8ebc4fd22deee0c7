using Zcrx.Rx;

namespace Zcrx.Actors;

/// <summary>Represents one queue in a <see cref="ZcrxNodeStatus"/>. Immutable.</summary>
public sealed record ZcrxNodeQueue
{
    /// <summary>Gets the queue's name.</summary>
    public required string Name { get; init; }

    /// <summary>Gets the state of the queue.</summary>
    public required QueueState State { get; init; }

    /// <summary>Gets the name of the engine; empty before the first opening.</summary>
    public string Engine { get; init; } = "";

    /// <summary>Gets the number of times that the queue was opened again.</summary>
    public long Restarts { get; init; }

    /// <summary>Gets the message of the last failure; empty if the queue never failed.</summary>
    public string LastError { get; init; } = "";

    /// <summary>Gets the pressure level of the pool.</summary>
    public PoolPressureLevel Pressure { get; init; }

    /// <summary>Gets a value indicating whether the ring thread is stuck.</summary>
    public bool IsStuck { get; init; }

    /// <summary>Gets the number of buffers in the pool.</summary>
    public int Buffers { get; init; }

    /// <summary>Gets the number of buffers in flight.</summary>
    public int BuffersOut { get; init; }

    /// <summary>Gets the number of open connections.</summary>
    public int Connections { get; init; }

    /// <summary>Gets the number of connections that are paused by pressure.</summary>
    public int PausedConnections { get; init; }

    /// <summary>Gets the number of bytes received since the queue was last opened.</summary>
    public long BytesReceived { get; init; }

    /// <summary>Gets the number of bytes of <see cref="BytesReceived"/> that the kernel has copied.</summary>
    public long CopiedBytes { get; init; }

    internal static ZcrxNodeQueue From(QueueStatus queue) => new()
    {
        Name = queue.Name,
        State = queue.State,
        Engine = queue.Engine?.Name ?? "",
        Restarts = queue.Restarts,
        LastError = queue.LastError?.Message ?? "",
        Pressure = queue.Pressure,
        IsStuck = queue.Stuck is not null,
        Buffers = queue.Statistics?.Buffers ?? 0,
        BuffersOut = queue.Statistics?.BuffersOut ?? 0,
        Connections = queue.Statistics?.Connections ?? 0,
        PausedConnections = queue.Statistics?.PausedConnections ?? 0,
        BytesReceived = queue.Statistics?.BytesReceived ?? 0,
        CopiedBytes = queue.Statistics?.CopiedBytes ?? 0,
    };
}
