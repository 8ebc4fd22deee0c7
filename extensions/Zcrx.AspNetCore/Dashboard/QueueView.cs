namespace Zcrx.AspNetCore.Dashboard;

/// <summary>Represents one queue. Counters start when the queue is opened.</summary>
internal sealed record QueueView
{
    public required string Name { get; init; }

    public required string State { get; init; }

    public string? Engine { get; init; }

    public string? EngineReason { get; init; }

    public string? Interface { get; init; }

    public int? RxQueue { get; init; }

    public required string Pressure { get; init; }

    public bool HasStorm { get; init; }

    public bool AwaitsDescriptors { get; init; }

    public long Restarts { get; init; }

    public double? RestartDelay { get; init; }

    public DateTimeOffset? OpenSince { get; init; }

    public string? Error { get; init; }

    public string? Stuck { get; init; }

    public int Connections { get; init; }

    public int Paused { get; init; }

    public int Stalled { get; init; }

    public int Buffers { get; init; }

    public int BuffersOut { get; init; }

    public int Reserve { get; init; }

    public double High { get; init; }

    public double Low { get; init; }

    public long Bytes { get; init; }

    public long CopiedBytes { get; init; }

    public long Pauses { get; init; }

    public long Turns { get; init; }

    public double BusySeconds { get; init; }

    public IReadOnlyList<ArmView> Notifications { get; init; } = [];
}
