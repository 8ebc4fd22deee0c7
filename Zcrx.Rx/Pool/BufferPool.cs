using System.Runtime.CompilerServices;
using Zcrx.Interop;
using Zcrx.Interop.Leases;
using Zcrx.Rx.Pressure;
using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Pool;

/// <summary>
/// Owns the buffers of a queue. Returns them to the kernel through the refill queue, determines the level of pressure, and grows the pool.
/// </summary>
/// <remarks>
/// Only this class knows how many buffers are free and where the other buffers are (<see cref="Account"/>). Ring thread only.
/// </remarks>
internal sealed class BufferPool
{
    // The number is small enough that buffers are reused while they are in the CPU's cache, and large enough that flushes cost little.
    private const int FlushThreshold = 64;

    // The delay is long enough that a load with bursts does not allocate memory again for each burst.
    private static readonly TimeSpan TrimDelay = TimeSpan.FromMinutes(1);

    private readonly IPoolQueue _queue;
    private readonly RefillQueue _refill;
    private readonly BufferLedger _ledger;
    private readonly QueueContext _context;
    private readonly IPoolEvents _events;
    private readonly bool _isImported;
    private readonly Queue<ulong> _pending = new();
    private readonly TrimMachine _trim;
    private readonly int _firstBuffers;
    private PressureMachine _pressure;
    private int _buffers;
    private int _leasedElsewhere;
    private int _flushThreshold;
    private int _lastInFlight;
    private bool _isStarved;
    private bool _cannotGrow;
    private bool _isCeded;

    /// <param name="queue">The queue.</param>
    /// <param name="isImported">Whether another ring has registered the queue. The pool then does not grow.</param>
    /// <param name="context">Options, clock and counters.</param>
    /// <param name="events">Publishes levels and growth.</param>
    public BufferPool(IPoolQueue queue, bool isImported, QueueContext context, IPoolEvents events)
    {
        _queue = queue;
        _refill = queue.Refill;
        _ledger = queue.Ledger;
        _isImported = isImported;
        _context = context;
        _events = events;
        ZcrxQueueOptions options = context.Options.Value;
        _pressure = new PressureMachine(options.HighWaterMark, options.LowWaterMark);
        _trim = new TrimMachine(context.Clock.ToTicks(TrimDelay));
        _firstBuffers = queue.Buffers;
        _ledger.Refill = Return;
        Resize();
    }

    public BufferLedger Ledger => _ledger;

    public RefillQueue Refill => _refill;

    /// <summary>Gets the length of one buffer in bytes.</summary>
    public int BufferLength => _queue.BufferLength;

    /// <summary>Gets the number of buffers.</summary>
    public int Buffers => _buffers;

    /// <summary>Gets the number of buffers in the reserve, which only connections without leased buffers may take.</summary>
    public int Reserve { get; private set; }

    /// <summary>Gets the number of buffers outside the reserve that are neither delivered nor leased.</summary>
    public int Available => _buffers - _leasedElsewhere - _ledger.InFlight - Reserve;

    /// <summary>Gets the number of buffers that the kernel can use now, as far as this queue knows.</summary>
    public int Free => Account.Free;

    /// <summary>Gets an account of where the buffers are.</summary>
    public PoolAccount Account => new(_buffers, _ledger.InFlight, _leasedElsewhere, (int)_refill.Depth, _pending.Count);

    public PoolPressureLevel Level => _pressure.Level;

    /// <summary>Gets the level and the time under pressure for other threads.</summary>
    public PressureRecord Record { get; } = new();

    /// <summary>Gets a value indicating whether returned buffers wait for room in the refill queue.</summary>
    public bool HasPending => _pending.Count > 0;

    /// <summary>
    /// Gets a value indicating whether other rings may use buffers of this pool. The number of free buffers is then uncertain.
    /// </summary>
    public bool IsShared => _isCeded || _isImported;

    /// <summary>
    /// Gets a value indicating whether to call <see cref="Observe"/>, because buffers were leased or returned, or a receive found no
    /// buffer.
    /// </summary>
    public bool HasChanged => _ledger.InFlight != _lastInFlight || _isStarved;

    /// <summary>Returns a buffer to the kernel. If the refill queue has no room, the entry waits in order; it is never dropped.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Return(ulong offset)
    {
        if (_pending.Count > 0 || !_refill.TryAppend(offset))
        {
            _pending.Enqueue(offset);
        }
    }

    /// <summary>
    /// Makes returned buffers visible to the kernel. Flushes when enough have gathered. Called only while this ring writes the refill
    /// queue.
    /// </summary>
    public void Publish()
    {
        if (_pending.Count > 0)
        {
            Flush();
            AppendPending();
        }

        _refill.Publish();
        uint depth = _refill.Depth;
        _context.Counters.RefillDepth = depth;
        if (depth >= _flushThreshold && !_context.IsOnNic)
        {
            Flush();
        }
    }

    /// <summary>
    /// Makes the kernel consume the whole refill queue. Repeats the call while the queue shrinks, because the kernel stops at an entry that
    /// it rejects.
    /// </summary>
    public void Flush()
    {
        uint before = _refill.Depth;
        while (before > 0)
        {
            int result = _queue.Flush();
            _context.Counters.Flushes++;
            uint after = _refill.Depth;
            if (result < 0 || after >= before)
            {
                break;
            }

            before = after;
        }
    }

    /// <summary>Moves waiting buffers to the refill queue while it has room.</summary>
    public void AppendPending()
    {
        while (_pending.TryPeek(out ulong offset) && _refill.TryAppend(offset))
        {
            _pending.Dequeue();
        }
    }

    /// <summary>Takes a waiting buffer, to pass it to the ring that writes the refill queue.</summary>
    public bool TryTakePending(out ulong offset) => _pending.TryDequeue(out offset);

    /// <summary>
    /// Gets or sets the function that counts the buffers which wait in operators, given the number of leased buffers. Called when the pool
    /// is exhausted.
    /// </summary>
    public Func<int, QueuedBuffers?>? CountQueued { get; set; }

    /// <summary>Records that a receive found no buffer.</summary>
    public void Starve() => _isStarved = true;

    /// <summary>Requests that the level is observed again, although no buffer was leased or returned.</summary>
    public void Invalidate() => _lastInFlight = -1;

    /// <summary>Determines the level, and grows the pool if that is allowed.</summary>
    /// <param name="paused">The number of connections that receive nothing because of the pool.</param>
    public void Observe(int paused)
    {
        int inFlight = _ledger.InFlight;
        do
        {
            _lastInFlight = inFlight;
            ObserveLevel(inFlight, paused);
            // When the level rises, consumers that can copy return their buffers at once. The level is then determined again.
            inFlight = _ledger.InFlight;
        }
        while (inFlight != _lastInFlight);
    }

    /// <summary>Publishes the level at which the queue opens.</summary>
    public void PublishFirstLevel() =>
        _events.PressureChanged(new PoolPressure(_context.Options.Name, PoolPressureLevel.Normal, 0, _buffers, 0, _context.Clock.UtcNow));

    /// <summary>Applies changed options.</summary>
    public void Reconfigure(ZcrxQueueOptions before, ZcrxQueueOptions after)
    {
        // With a larger limit, adding an area may succeed although it failed before.
        _cannotGrow &= after.MaxAreaSize <= before.MaxAreaSize;
        _pressure.SetMarks(after.HighWaterMark, after.LowWaterMark);
        Invalidate();
    }

    /// <summary>Records whether another ring writes the refill queue.</summary>
    public void SetCeded(bool isCeded)
    {
        _isCeded = isCeded;
        if (isCeded)
        {
            // From now on, only the ring that writes the refill queue learns how many buffers other rings lease. An outdated number here
            // could keep connections waiting for ever.
            _leasedElsewhere = 0;
            Invalidate();
        }

        // A ring that does not write the refill queue leases no buffers. Its consumers get copies, so that every buffer returns at once.
        Resize();
    }

    /// <summary>Sets how many buffers consumers of other rings lease.</summary>
    public void SetLeasedElsewhere(int buffers)
    {
        if (buffers != _leasedElsewhere)
        {
            _leasedElsewhere = buffers;
            Resize();
            Invalidate();
        }
    }

    /// <summary>Prepares the ring thread for sleep. If buffers are awaited, the next buffer that returns wakes it.</summary>
    /// <param name="isAwaited">Whether a connection waits for buffers, or the queue ends and waits until leases are released.</param>
    /// <returns>False when a buffer was returned already.</returns>
    public bool TryPrepareToSleep(bool isAwaited) =>
        (!isAwaited && _pressure.Level == PoolPressureLevel.Normal && _refill.IsOurs) || _ledger.TryPrepareToSleep();

    private void Resize()
    {
        _buffers = _queue.Buffers;
        Reserve = PressureMachine.Reserve(_buffers);
        // Leases never take the reserve. A consumer that keeps leases for long therefore cannot stop connections that lease nothing.
        _ledger.LeaseLimit = _isCeded ? 0 : int.Max(_buffers - Reserve - _leasedElsewhere, 0);
        // At most a quarter of the pool may wait for a flush. Otherwise receives would find a small pool empty.
        _flushThreshold = int.Clamp(_buffers / 4, 1, FlushThreshold);
    }

    private void ObserveLevel(int inFlight, int paused)
    {
        // Leases of other rings count too, because they take buffers from the same pool.
        int buffersOut = inFlight + _leasedElsewhere;
        bool isStarved = _isStarved;
        bool hasChanged = _pressure.Observe(buffersOut, _buffers, isStarved);
        _isStarved = false;
        while (_pressure.Level != PoolPressureLevel.Normal && TryGrow())
        {
            hasChanged |= _pressure.Observe(buffersOut, _buffers, starved: false);
        }

        if (isStarved && IsShared && _pressure.Level == PoolPressureLevel.Normal)
        {
            // Other rings may have the missing buffers, and may wait for buffers of this ring in turn. Consumers that can copy therefore
            // return theirs.
            _ledger.Reclaimable.ReclaimAll();
        }

        if (hasChanged)
        {
            PublishLevel(inFlight, buffersOut, paused);
        }
    }

    /// <summary>Adds an area if the options allow it. Called before connections are paused, which a larger pool may avoid.</summary>
    private bool TryGrow()
    {
        ZcrxQueueOptions options = _context.Options.Value;
        if (_cannotGrow || IsShared || (long)_buffers * _queue.BufferLength + options.AreaSize > options.MaxAreaSize)
        {
            return false;
        }

        return TryAddArea(options);
    }

    // A method of its own, because TryGrow runs often and would allocate the closure below even if the pool must not grow.
    private bool TryAddArea(ZcrxQueueOptions options)
    {
        Exception? error = null;
        try
        {
            if (!_queue.Memory.TryAddArea(() => _queue.AddArea((nuint)options.AreaSize)))
            {
                return false;
            }
        }
        catch (ZcrxException exception)
        {
            // The kernel does not support more areas, or has no memory. The pool keeps its size, and connections are paused.
            error = exception;
            _cannotGrow = true;
        }

        Resize();
        _events.Grown(new PoolGrowth(options.Name, _buffers, error, _context.Clock.UtcNow));
        return error is null;
    }

    /// <summary>Gets the time of the next decision of <see cref="Trim"/>.</summary>
    public long TrimDue => IsShared ? long.MaxValue : _trim.Due;

    /// <summary>
    /// Gives the memory of unused added areas back to the operating system when the first area has sufficed for some time. The areas stay
    /// registered, so the number of buffers does not change.
    /// </summary>
    public void Trim(long now)
    {
        // The comparison of sizes comes first, so that a pool that has not grown costs nothing more in each turn.
        if (_buffers != _firstBuffers && !IsShared && _queue.CanTrimAreas && _trim.Observe(now, _firstBuffers, _buffers, _ledger.InFlight + _leasedElsewhere))
        {
            // Only areas whose buffers are all free are trimmed. The flush frees the buffers in the refill queue.
            Flush();
            _queue.TrimAreas();
        }
    }

    private void PublishLevel(int inFlight, int buffersOut, int paused)
    {
        Record.Change(_pressure.Level, _context.Clock.Now);
        PoolPressure pressure = new(_context.Options.Name, _pressure.Level, buffersOut, _buffers, paused, _context.Clock.UtcNow);
        _events.PressureChanged(_pressure.Level == PoolPressureLevel.Exhausted ? pressure with { Queued = CountQueued?.Invoke(inFlight) } : pressure);
        _ledger.IsUnderPressure = _pressure.Level != PoolPressureLevel.Normal;
    }
}
