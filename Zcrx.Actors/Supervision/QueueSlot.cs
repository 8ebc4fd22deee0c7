using Zcrx.Rx;

namespace Zcrx.Actors.Supervision;

/// <summary>What outlives the actors of one queue: the queue that was opened last, the totals of those before, and the end of the last one.</summary>
/// <remarks>Written by the queue's actor, read by anyone.</remarks>
internal sealed class QueueSlot(ZcrxQueueOptions options)
{
    private readonly Lock _gate = new();
    private volatile ZcrxQueueOptions _options = options;
    private QueueTotals _earlier;
    private ZcrxQueue? _queue;
    private Task _closed = Task.CompletedTask;
    private long _restarts;
    private bool _isOpen;

    public string Name { get; } = options.Name;

    /// <summary>How the queue is opened next; an open one may have been opened otherwise.</summary>
    public ZcrxQueueOptions Options => _options;

    /// <summary>Where its connections wait while it is closed.</summary>
    public ConnectionParking Parking { get; } = new();

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
