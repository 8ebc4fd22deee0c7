using Zcrx.Rx;

namespace Zcrx.Actors.Supervision;

/// <summary>What outlives the actors of one queue: the queue that was opened last, the totals of those before, and the end of the last one.</summary>
/// <remarks>Written by the queue's actor, read by anyone.</remarks>
internal sealed class QueueSlot(ZcrxQueueOptions options)
{
    private readonly Lock _gate = new();
    private volatile ZcrxQueueOptions _options = options;
    private QueueTotals _earlier;
    private InheritedQueue? _inherited;
    private ZcrxQueue? _queue;
    private Task _closed = Task.CompletedTask;
    private long _restarts;
    private bool _isOpen;
    private ZcrxQueue? _successor;

    public string Name { get; } = options.Name;

    /// <summary>How the queue is opened next; an open one may have been opened otherwise.</summary>
    public ZcrxQueueOptions Options => _options;

    /// <summary>Where its connections wait while it is closed.</summary>
    public ConnectionParking Parking { get; } = new();

    /// <summary>The queue of the process before, if it came here. Once: whoever takes it disposes it.</summary>
    public InheritedQueue? TakeInherited() => Interlocked.Exchange(ref _inherited, null);

    /// <summary>The first opening goes on with a queue of the process before.</summary>
    public void Inherit(InheritedQueue queue) => Volatile.Write(ref _inherited, queue);

    /// <summary>Whether it is opened without its NIC.</summary>
    public bool IsFallenBack { get; set; }

    /// <summary>How it is opened: as configured, or without its NIC.</summary>
    public ZcrxQueueOptions OptionsToOpen => IsFallenBack
        ? Options with { Interface = null, RxQueue = 0, Engine = Options.Engine == ZcrxEngine.Emulated ? ZcrxEngine.Emulated : ZcrxEngine.Auto }
        : Options;

    /// <summary>Times that the queue was opened after the first.</summary>
    public long Restarts => Volatile.Read(ref _restarts);

    /// <summary>The queue that was opened last.</summary>
    public ZcrxQueue? Current => Volatile.Read(ref _queue);

    /// <summary>The engine of the queue that was opened last.</summary>
    public EngineChoice? Engine => Current?.Engine;

    /// <summary>Whether the queue receives.</summary>
    public bool IsOpen => Volatile.Read(ref _isOpen);

    /// <summary>The options with which it was registered with the kernel last; a ring that goes on with the registration may have been opened with others.</summary>
    public ZcrxQueueOptions? RegisteredWith { get; set; }

    /// <summary>Ends when the queue of the last actor is closed: before that, the next must not be opened.</summary>
    public Task Closed => Volatile.Read(ref _closed);

    public void Opened(ZcrxQueue queue)
    {
        lock (_gate)
        {
            if (_queue is not null)
            {
                _earlier = _earlier.Add(_queue.Snapshot());
                Volatile.Write(ref _restarts, _restarts + 1);
            }

            Volatile.Write(ref _queue, queue);
            Volatile.Write(ref _isOpen, true);
        }
    }

    /// <summary>The options have changed. By the supervisor.</summary>
    public void Reconfigure(ZcrxQueueOptions options) => _options = options;

    public void Closing(Task closed)
    {
        Volatile.Write(ref _isOpen, false);
        Volatile.Write(ref _closed, closed);
    }

    /// <summary>A queue is open that goes on with the registration of the last; the next actor takes it.</summary>
    public void Succeed(ZcrxQueue successor) => Volatile.Write(ref _successor, successor);

    /// <summary>That queue, which is the caller's from now on; null when there is none. Once <see cref="Closed"/> has ended.</summary>
    public ZcrxQueue? TakeSuccessor() => Interlocked.Exchange(ref _successor, null);

    /// <summary>No actor will take it: it is closed, too.</summary>
    public void DropSuccessor()
    {
        Volatile.Write(ref _closed, DropAsync(Closed));

        async Task DropAsync(Task closed)
        {
            await closed.ConfigureAwait(false);
            if (TakeSuccessor() is { } successor)
            {
                await successor.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>The counters since the queue was last opened.</summary>
    public QueueStatistics? Snapshot() => Current?.Snapshot();

    /// <summary>The counters since the start, over all openings: they never go back.</summary>
    public QueueTotals Totals()
    {
        lock (_gate)
        {
            return _queue is null ? _earlier : _earlier.Add(_queue.Snapshot());
        }
    }
}
