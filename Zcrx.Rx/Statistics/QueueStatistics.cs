using System.Collections.Immutable;
using Zcrx.Rx.Ring;

namespace Zcrx.Rx;

/// <summary>Represents the counters and the current state of a queue.</summary>
/// <remarks>Each counter is exact, but the counters are read one after another and may change in the meantime.</remarks>
public sealed record QueueStatistics
{
    /// <summary>Gets the queue's name.</summary>
    public required string Queue { get; init; }

    /// <summary>Gets the number of bytes received.</summary>
    public long BytesReceived { get; init; }

    /// <summary>Gets the number of completions with data. Each delivers one buffer.</summary>
    public long BuffersReceived { get; init; }

    /// <summary>Gets the number of payload fragments that the kernel has copied, as counted by the kernel.</summary>
    public long CopiedFragments { get; init; }

    /// <summary>Gets the number of payload bytes that the kernel has copied, as counted by the kernel.</summary>
    public long CopiedBytes { get; init; }

    /// <summary>Gets the number of buffers in the pool.</summary>
    public int Buffers { get; init; }

    /// <summary>Gets the number of buffers that consumers lease.</summary>
    public int BuffersOut { get; init; }

    /// <summary>Gets the number of buffers that only connections without leases may take: the reserve of the pool.</summary>
    public int Reserve { get; init; }

    /// <summary>Gets the number of refill entries that the kernel had not consumed when the ring thread last checked.</summary>
    public int RefillDepth { get; init; }

    /// <summary>Gets the number of leases on copies. The bytes were copied because only the pool's reserve was left.</summary>
    public long LeasedCopies { get; init; }

    /// <summary>Gets the number of system calls that made the kernel consume the refill queue.</summary>
    public long Flushes { get; init; }

    /// <summary>Gets the number of receive requests that were issued because an earlier one had ended.</summary>
    public long Rearms { get; init; }

    /// <summary>Gets the number of receives that were paused or ended because no buffer was available.</summary>
    public long Pauses { get; init; }

    /// <summary>Gets the number of connections that are paused now because of the pool.</summary>
    public int PausedConnections { get; init; }

    /// <summary>
    /// Gets the number of turns of the ring thread that found the completion ring full. No completion is lost. A larger
    /// <see cref="ZcrxQueueOptions.CompletionEntries"/> avoids such turns.
    /// </summary>
    public long CompletionOverflows { get; init; }

    /// <summary>Gets the number of stalls that were reported; see <see cref="ReceiveStall"/>.</summary>
    public long ReceiveStalls { get; init; }

    /// <summary>Gets the number of connections that are stalled now; see <see cref="ReceiveStall"/>.</summary>
    public int StalledConnections { get; init; }

    /// <summary>Gets the number of connections that had no observer at the last check. Checks are at most a second apart.</summary>
    public int UnobservedConnections { get; init; }

    /// <summary>Gets the number of notifications that the kernel had no free buffer.</summary>
    public long NoBuffersNotifications { get; init; }

    /// <summary>Gets the number of notifications that the kernel has copied payload.</summary>
    public long CopyNotifications { get; init; }

    /// <summary>Gets the number of open connections.</summary>
    public int Connections { get; init; }

    /// <summary>Gets the number of connections that were accepted or attached since the queue was opened.</summary>
    public long ConnectionsOpened { get; init; }

    /// <summary>Gets the number of connections that came from other queues, or were resumed, since the queue was opened.</summary>
    public long ConnectionsMovedIn { get; init; }

    /// <summary>
    /// Gets the number of connections that were reset because a listener or an address had reached its limit of connections.
    /// </summary>
    public long ConnectionsRefused { get; init; }

    /// <summary>Gets the number of connections that were reset because they were silent for too long.</summary>
    public long ConnectionsTimedOut { get; init; }

    /// <summary>
    /// Gets the number of connections that were reset when the queue ended. Either work on them had not ended within the drain time, or
    /// their stream ended inside a frame.
    /// </summary>
    public long ConnectionsUnfinished { get; init; }

    /// <summary>
    /// Gets the number of bytes that peers sent after receiving had ended, and that were discarded; see
    /// <see cref="ZcrxQueueOptions.PeerCloseTimeout"/>.
    /// </summary>
    public long DiscardedBytes { get; init; }

    /// <summary>
    /// Gets the number of bytes that are held as copies for unfinished frames and pipe readers; see
    /// <see cref="ZcrxQueueOptions.MaxCopiedFrameBytes"/>.
    /// </summary>
    public long CopiedFrameBytes { get; init; }

    /// <summary>
    /// Gets the number of frames and reads of pipes that failed because <see cref="CopiedFrameBytes"/> had reached its limit. Their
    /// connections were reset.
    /// </summary>
    public long FramesRefused { get; init; }

    /// <summary>Gets a value indicating whether accepting has stopped, because the process has few file descriptors left.</summary>
    public bool AwaitsDescriptors { get; init; }

    /// <summary>Gets the number of turns of the ring thread. In each turn it handles completions and issues requests.</summary>
    public long Turns { get; init; }

    /// <summary>
    /// Gets the time that the ring thread has worked. Time in which it slept or polled does not count. Divided by <see cref="Turns"/>, it
    /// is the mean duration of a turn.
    /// </summary>
    public TimeSpan BusyTime { get; init; }

    /// <summary>Gets the time for which the ring thread has polled before it slept; see <see cref="ZcrxQueueOptions.SpinBeforeSleep"/>.</summary>
    public TimeSpan SpinTime { get; init; }

    /// <summary>Gets the upper bounds of the durations by which <see cref="TurnsByDuration"/> counts: from 10 µs to a second.</summary>
    public static ImmutableArray<TimeSpan> TurnDurationBounds => TurnDurations.Bounds;

    /// <summary>
    /// Gets the number of completed turns by their duration: one number for each of <see cref="TurnDurationBounds"/>, and a last one for
    /// longer turns. Time for which the ring thread slept in the kernel does not count.
    /// </summary>
    public ImmutableArray<long> TurnsByDuration { get; init; } = [];

    /// <summary>Gets the level of the pool's pressure.</summary>
    public PoolPressureLevel Pressure { get; init; }

    /// <summary>Gets the total time for which the pool's level was above <see cref="PoolPressureLevel.Normal"/>.</summary>
    public TimeSpan TimeUnderPressure { get; init; }

    /// <summary>Gets the arm state of the NoBuffers notification.</summary>
    public ArmState NoBuffersArmState { get; init; }

    /// <summary>Gets the arm state of the Copy notification.</summary>
    public ArmState CopyArmState { get; init; }

    /// <summary>Gets the copied bytes as a share of the received bytes, 0 to 1. The kernel does not count every copied byte.</summary>
    public double CopiedShare => BytesReceived == 0 ? 0 : Math.Min(1, (double)CopiedBytes / BytesReceived);
}
