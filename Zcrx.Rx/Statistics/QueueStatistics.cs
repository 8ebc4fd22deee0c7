namespace Zcrx.Rx;

/// <summary>What a queue has done since it was opened, and how it stands.</summary>
/// <remarks>A snapshot of counters that go on counting; each is exact, together they are not of one instant.</remarks>
public sealed record QueueStatistics
{
    /// <summary>The queue's name.</summary>
    public required string Queue { get; init; }

    /// <summary>Bytes received.</summary>
    public long BytesReceived { get; init; }

    /// <summary>Completions with data; each lent one buffer.</summary>
    public long BuffersReceived { get; init; }

    /// <summary>Fragments that the kernel copied, by its own count.</summary>
    public long CopiedFragments { get; init; }

    /// <summary>Bytes that the kernel copied, by its own count.</summary>
    public long CopiedBytes { get; init; }

    /// <summary>Buffers in the pool.</summary>
    public int Buffers { get; init; }

    /// <summary>Buffers that consumers hold.</summary>
    public int BuffersOut { get; init; }

    /// <summary>Refill entries that the kernel had not consumed when the ring's thread last looked.</summary>
    public int RefillDepth { get; init; }

    /// <summary>Buffers that were kept as copies, because only the pool's reserve was left.</summary>
    public long LeasedCopies { get; init; }

    /// <summary>Times that the refill queue was flushed.</summary>
    public long Flushes { get; init; }

    /// <summary>Receives that were issued again after one had ended.</summary>
    public long Rearms { get; init; }

    /// <summary>Receives that were paused or ended for want of buffers.</summary>
    public long Pauses { get; init; }

    /// <summary>Connections that are paused now because of the pool.</summary>
    public int PausedConnections { get; init; }

    /// <summary>Turns that found the completion ring overflown. Nothing is lost by it; a larger ring avoids it.</summary>
    public long CompletionOverflows { get; init; }

    /// <summary>Stalls that were reported; see <see cref="ReceiveStall"/>.</summary>
    public long ReceiveStalls { get; init; }

    /// <summary>Connections that stall now.</summary>
    public int StalledConnections { get; init; }

    /// <summary>Connections that nobody observes, as of the last look at them; a look is at most a second old.</summary>
    public int UnobservedConnections { get; init; }

    /// <summary>NoBuffers notifications.</summary>
    public long NoBuffersNotifications { get; init; }

    /// <summary>Copy notifications.</summary>
    public long CopyNotifications { get; init; }

    /// <summary>Connections open now.</summary>
    public int Connections { get; init; }

    /// <summary>Connections accepted or attached since the queue was opened.</summary>
    public long ConnectionsOpened { get; init; }

    /// <summary>Connections that came from other queues, or back from waiting for this one, since the queue was opened.</summary>
    public long ConnectionsMovedIn { get; init; }

    /// <summary>The pool's level.</summary>
    public PoolPressureLevel Pressure { get; init; }

    /// <summary>Time spent above <see cref="PoolPressureLevel.Normal"/>.</summary>
    public TimeSpan TimeUnderPressure { get; init; }

    /// <summary>Arm state of the NoBuffers notification.</summary>
    public ArmState NoBuffersArmState { get; init; }

    /// <summary>Arm state of the Copy notification.</summary>
    public ArmState CopyArmState { get; init; }

    /// <summary>Copied bytes in received bytes, 0 to 1. Judge it with a margin: the kernel does not count every copied byte.</summary>
    public double CopiedShare => BytesReceived == 0 ? 0 : Math.Min(1, (double)CopiedBytes / BytesReceived);
}
