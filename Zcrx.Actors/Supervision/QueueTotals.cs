using Zcrx.Rx;

namespace Zcrx.Actors.Supervision;

/// <summary>What a queue has done since the start, however often it was opened again.</summary>
internal readonly record struct QueueTotals
{
    public long Bytes { get; private init; }

    public long Buffers { get; private init; }

    public long CopiedBytes { get; private init; }

    public long CopiedFragments { get; private init; }

    public long Pauses { get; private init; }

    public long Rearms { get; private init; }

    public long Stalls { get; private init; }

    public long Flushes { get; private init; }

    public long Overflows { get; private init; }

    public long NoBuffersNotifications { get; private init; }

    public long CopyNotifications { get; private init; }

    public long ConnectionsOpened { get; private init; }

    public long ConnectionsMovedIn { get; private init; }

    public long KeptCopies { get; private init; }

    public TimeSpan TimeUnderPressure { get; private init; }

    public QueueTotals Add(QueueStatistics statistics) => new()
    {
        Bytes = Bytes + statistics.BytesReceived,
        Buffers = Buffers + statistics.BuffersReceived,
        CopiedBytes = CopiedBytes + statistics.CopiedBytes,
        CopiedFragments = CopiedFragments + statistics.CopiedFragments,
        Pauses = Pauses + statistics.Pauses,
        Rearms = Rearms + statistics.Rearms,
        Stalls = Stalls + statistics.ReceiveStalls,
        Flushes = Flushes + statistics.Flushes,
        Overflows = Overflows + statistics.CompletionOverflows,
        NoBuffersNotifications = NoBuffersNotifications + statistics.NoBuffersNotifications,
        CopyNotifications = CopyNotifications + statistics.CopyNotifications,
        ConnectionsOpened = ConnectionsOpened + statistics.ConnectionsOpened,
        ConnectionsMovedIn = ConnectionsMovedIn + statistics.ConnectionsMovedIn,
        KeptCopies = KeptCopies + statistics.KeptCopies,
        TimeUnderPressure = TimeUnderPressure + statistics.TimeUnderPressure,
    };
}
