using System.Collections.Immutable;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Queues;

/// <summary>
/// Represents the state of one queue at one moment, including the totals of its earlier incarnations. Published by the
/// <see cref="QueueSupervisor"/>. Immutable.
/// </summary>
internal sealed record QueueSnapshot
{
    public string Name => Options.Name;

    /// <summary>Gets the options of the next opening. The current queue may have been opened with different options.</summary>
    public required ZcrxQueueOptions Options { get; init; }

    public QueueState State { get; init; } = QueueState.Opening;

    /// <summary>Gets a value indicating whether the current incarnation has opened its queue.</summary>
    public bool IsOpen { get; init; }

    /// <summary>Gets the queue that was opened last; null before the first opening. It may be closed.</summary>
    public ZcrxQueue? Current { get; init; }

    /// <summary>Gets the callback in which the ring thread is stuck; null if the ring thread is not stuck.</summary>
    public StuckQueue? Stuck { get; init; }

    /// <summary>Gets the buffers that operators hold, if the pool is exhausted and operators hold most of it; null otherwise.</summary>
    public QueuedBuffers? Queued { get; init; }

    /// <summary>Gets the queue if it is open and not stuck, and may therefore receive more connections; null otherwise.</summary>
    public ZcrxQueue? Ready => State == QueueState.Open && Stuck is null ? Current : null;

    /// <summary>Gets how often the queue was opened again.</summary>
    public long Restarts { get; init; }

    public Exception? LastError { get; init; }

    /// <summary>Gets the full length of the current restart delay; null if the queue is not waiting for a restart.</summary>
    public TimeSpan? RestartDelay { get; init; }

    public DateTimeOffset? OpenSince { get; init; }

    /// <summary>Gets the engine of the queue that was opened last.</summary>
    public EngineChoice? Engine => Current?.Engine;

    /// <summary>Gets the totals of the incarnations before <see cref="Current"/>.</summary>
    public QueueTotals Earlier { get; init; }

    /// <summary>
    /// Returns a snapshot in which the queue is open. The counters of the previous incarnation are added to <see cref="Earlier"/>.
    /// </summary>
    public QueueSnapshot WithOpened(ZcrxQueue queue, DateTimeOffset now) => this with
    {
        State = QueueState.Open,
        IsOpen = true,
        Stuck = null,
        Queued = null,
        OpenSince = now,
        Restarts = Current is null ? Restarts : Restarts + 1,
        Earlier = Totals(),
        Current = queue,
    };

    /// <summary>Reads the counters since the last opening.</summary>
    public QueueStatistics? Snapshot() => Current?.Snapshot();

    /// <summary>Reads the counters of all incarnations since the start. They never decrease.</summary>
    public QueueTotals Totals() => Current is null ? Earlier : Earlier.Add(Current.Snapshot());

    /// <param name="connections">The connections by queue; null to list none.</param>
    public QueueStatus ToStatus(ILookup<string, ConnectionStatus>? connections = null)
    {
        QueueStatistics? statistics = Snapshot();
        return new QueueStatus
        {
            Name = Name,
            State = State,
            Engine = Engine,
            Interface = Options.Interface,
            RxQueue = Options.Interface is null ? null : Options.RxQueue,
            HighWaterMark = Options.HighWaterMark,
            LowWaterMark = Options.LowWaterMark,
            Restarts = Restarts,
            LastError = LastError,
            Stuck = Stuck,
            Queued = Queued,
            RestartDelay = RestartDelay,
            OpenSince = State == QueueState.Open ? OpenSince : null,
            Notifications = State == QueueState.Open && statistics is not null
                ? [
                    new NotificationStatus(ZcrxNotificationType.NoBuffers, statistics.NoBuffersArmState, statistics.NoBuffersNotifications),
                    new NotificationStatus(ZcrxNotificationType.Copy, statistics.CopyArmState, statistics.CopyNotifications),
                ]
                : [],
            Connections = connections is null ? [] : [.. connections[Name]],
            Statistics = statistics,
        };
    }
}

/// <summary>Represents the counters of all incarnations of a queue since the start.</summary>
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

    public long LeasedCopies { get; private init; }

    public long ConnectionsRefused { get; private init; }

    public long ConnectionsTimedOut { get; private init; }

    public long FramesRefused { get; private init; }

    public TimeSpan TimeUnderPressure { get; private init; }

    public long Turns { get; private init; }

    public TimeSpan BusyTime { get; private init; }

    public TimeSpan SpinTime { get; private init; }

    /// <summary>Gets the number of turns in each bucket of the turn duration; the default value before the first opening.</summary>
    public ImmutableArray<long> TurnsByDuration { get; private init; }

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
        LeasedCopies = LeasedCopies + statistics.LeasedCopies,
        ConnectionsRefused = ConnectionsRefused + statistics.ConnectionsRefused,
        ConnectionsTimedOut = ConnectionsTimedOut + statistics.ConnectionsTimedOut,
        FramesRefused = FramesRefused + statistics.FramesRefused,
        TimeUnderPressure = TimeUnderPressure + statistics.TimeUnderPressure,
        Turns = Turns + statistics.Turns,
        BusyTime = BusyTime + statistics.BusyTime,
        SpinTime = SpinTime + statistics.SpinTime,
        TurnsByDuration = TurnsByDuration.IsDefaultOrEmpty ? statistics.TurnsByDuration : [.. TurnsByDuration.Zip(statistics.TurnsByDuration, static (earlier, present) => earlier + present)],
    };
}
