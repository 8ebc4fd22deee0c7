namespace Zcrx.Rx.Ring;

/// <summary>
/// Counts the work of a queue. The ring thread writes and any thread reads. Each store writes 8 bytes at once, so no reader sees a partly
/// written value.
/// </summary>
internal sealed class QueueCounters
{
    private long _bytes;
    private long _buffers;
    private long _flushes;
    private long _rearms;
    private long _pauses;
    private long _overflows;
    private long _noBuffers;
    private long _copies;
    private long _opened;
    private long _connections;
    private long _movedIn;
    private long _refillDepth;
    private long _paused;
    private long _stalls;
    private long _stalledConnections;
    private long _unobservedConnections;
    private long _refused;
    private long _timedOut;
    private long _unfinished;
    private long _discarded;

    public long Bytes { get => Volatile.Read(ref _bytes); set => Volatile.Write(ref _bytes, value); }

    public long Buffers { get => Volatile.Read(ref _buffers); set => Volatile.Write(ref _buffers, value); }

    public long Flushes { get => Volatile.Read(ref _flushes); set => Volatile.Write(ref _flushes, value); }

    public long Rearms { get => Volatile.Read(ref _rearms); set => Volatile.Write(ref _rearms, value); }

    public long Pauses { get => Volatile.Read(ref _pauses); set => Volatile.Write(ref _pauses, value); }

    public long Overflows { get => Volatile.Read(ref _overflows); set => Volatile.Write(ref _overflows, value); }

    public long NoBuffersNotifications { get => Volatile.Read(ref _noBuffers); set => Volatile.Write(ref _noBuffers, value); }

    public long CopyNotifications { get => Volatile.Read(ref _copies); set => Volatile.Write(ref _copies, value); }

    public long ConnectionsOpened { get => Volatile.Read(ref _opened); set => Volatile.Write(ref _opened, value); }

    public long Connections { get => Volatile.Read(ref _connections); set => Volatile.Write(ref _connections, value); }

    public long ConnectionsMovedIn { get => Volatile.Read(ref _movedIn); set => Volatile.Write(ref _movedIn, value); }

    public long RefillDepth { get => Volatile.Read(ref _refillDepth); set => Volatile.Write(ref _refillDepth, value); }

    public long PausedConnections { get => Volatile.Read(ref _paused); set => Volatile.Write(ref _paused, value); }

    public long Stalls { get => Volatile.Read(ref _stalls); set => Volatile.Write(ref _stalls, value); }

    public long StalledConnections { get => Volatile.Read(ref _stalledConnections); set => Volatile.Write(ref _stalledConnections, value); }

    public long ConnectionsRefused { get => Volatile.Read(ref _refused); set => Volatile.Write(ref _refused, value); }

    public long ConnectionsTimedOut { get => Volatile.Read(ref _timedOut); set => Volatile.Write(ref _timedOut, value); }

    public long ConnectionsUnfinished { get => Volatile.Read(ref _unfinished); set => Volatile.Write(ref _unfinished, value); }

    public long DiscardedBytes { get => Volatile.Read(ref _discarded); set => Volatile.Write(ref _discarded, value); }

    public long UnobservedConnections { get => Volatile.Read(ref _unobservedConnections); set => Volatile.Write(ref _unobservedConnections, value); }
}
