using System.Runtime.CompilerServices;
using Zcrx.Interop;
using Zcrx.Rx.Pressure;

namespace Zcrx.Rx.Loop;

/// <content>The pool: buffers that come back, flushing, its level, its growth.</content>
internal sealed unsafe partial class ReceiveLoop
{
    // Small enough that what comes back is used again while it is still in the cache, large enough that a flush per this many is nothing.
    private const int FlushThreshold = 64;

    private readonly Queue<ulong> _heldBack = new();
    private PressureMachine _pressure;
    private int _poolSize;
    private int _publishedLevel;
    private int _flushThreshold;
    private int _lastKept;
    private bool _starvedSignal;
    private bool _cannotGrow;

    /// <summary>Buffers that the kernel could use right now, as far as we know.</summary>
    private int FreeBuffers => _poolSize - _keptElsewhere - _queue.Ledger.Away - (int)_queue.Refill.Depth - _heldBack.Count;

    private void OnPoolSizeKnown()
    {
        _poolSize = _queue.Buffers;
        _reserve = PressureMachine.Reserve(_poolSize);
        // The reserve is for what passes through, and comes back by itself: so no consumer, however stuck, stops the others.
        _queue.Ledger.KeepLimit = _hasCeded ? 0 : int.Max(_poolSize - _reserve - _keptElsewhere, 0);
        // A quarter of a small pool: with more in the refill queue than that, receiving would stumble over an empty pool.
        _flushThreshold = int.Clamp(_poolSize / 4, 1, FlushThreshold);
    }

    /// <summary>A buffer goes back to the kernel. Never dropped: what the refill queue has no room for waits here, in order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void ReturnBuffer(ulong offset)
    {
        if (_heldBack.Count > 0 || !_queue.Refill.TryAppend(offset))
        {
            _heldBack.Enqueue(offset);
        }
    }

    private void TakeReturnedBuffers()
    {
        _queue.Ledger.Drain();
        if (!_queue.Refill.IsOurs)
        {
            ForwardReturned();
            WatchPool();
            return;
        }

        TakeForwarded();
        _queue.Memory.ReclaimIfDue(_reclaim);

        if (_heldBack.Count > 0)
        {
            FlushRefillQueue();
            AppendHeldBack();
        }

        _queue.Refill.Publish();
        uint depth = _queue.Refill.Depth;
        Counters.RefillDepth = depth;
        if (depth >= _flushThreshold && !_isOnNic)
        {
            FlushRefillQueue();
        }

        WatchPool();
    }

    private void AppendHeldBack()
    {
        while (_heldBack.TryPeek(out ulong offset) && _queue.Refill.TryAppend(offset))
        {
            _heldBack.Dequeue();
        }
    }

    /// <summary>Lets the kernel take everything back. It stops at an entry that it does not like, so it is asked until it has it all.</summary>
    private void FlushRefillQueue()
    {
        uint before = _queue.Refill.Depth;
        while (before > 0)
        {
            int result = _queue.Flush();
            Counters.Flushes++;
            uint after = _queue.Refill.Depth;
            if (result < 0 || after >= before)
            {
                break;
            }

            before = after;
        }
    }

    /// <summary>Decides the level, resumes who may go on.</summary>
    private void WatchPool()
    {
        int kept = _queue.Ledger.Away;
        if (kept == _lastKept && !_starvedSignal && _starved.Count == 0 && _paused.Count == 0)
        {
            return;
        }

        do
        {
            _lastKept = kept;
            ObserveLevel(kept);
            // A rising level makes consumers that can copy give their buffers back at once: that counts, too.
            kept = _queue.Ledger.Away;
        }
        while (kept != _lastKept);

        ResumeStarved();
        ResumePaused();
        Counters.PausedConnections = _starved.Count + _paused.Count;
    }

    private void ObserveLevel(int kept)
    {
        bool changed = _pressure.Observe(kept, _poolSize, _starvedSignal);
        _starvedSignal = false;
        while (_pressure.Level != PoolPressureLevel.Normal && TryGrow())
        {
            changed |= _pressure.Observe(kept, _poolSize, starved: false);
        }

        if (changed)
        {
            PublishLevel(kept);
        }
    }

    /// <summary>Adds an area, if that is allowed and possible. Nobody has been paused yet.</summary>
    private bool TryGrow()
    {
        if (_cannotGrow || _hasCeded || Exported is not null || _queue.Memory.IsSettled || (long)_poolSize * _queue.BufferLength + _options.AreaSize > _options.MaxAreaSize)
        {
            return false;
        }

        Exception? error = null;
        try
        {
            _queue.AddArea((nuint)_options.AreaSize);
        }
        catch (ZcrxException exception)
        {
            // Not supported or no memory: the pool stays as it is, and pausing does its work.
            error = exception;
            _cannotGrow = true;
        }

        OnPoolSizeKnown();
        _events.Grown(new PoolGrowth(_options.Name, _poolSize, error, _time.GetUtcNow()));
        return error is null;
    }

    private void PublishLevel(int kept)
    {
        long now = _time.GetTimestamp();
        if (Counters.PressureSince is var since and not 0)
        {
            Counters.PressureTicks += now - since;
        }

        bool pressed = _pressure.Level != PoolPressureLevel.Normal;
        Counters.PressureSince = pressed ? now : 0;
        Volatile.Write(ref _publishedLevel, (int)_pressure.Level);
        _events.PressureChanged(new PoolPressure(_options.Name, _pressure.Level, kept, _poolSize, _starved.Count + _paused.Count, _time.GetUtcNow()));
        _queue.Ledger.IsUnderPressure = pressed;
    }

    /// <summary>Before sleeping: while somebody waits for buffers, or a level waits to fall, a return from another thread must wake us; and so while the buffers are another loop's.</summary>
    private bool PrepareToSleep() =>
        (_starved.Count == 0 && _paused.Count == 0 && _pressure.Level == PoolPressureLevel.Normal && _queue.Refill.IsOurs) || _queue.Ledger.TryPrepareToSleep();
}
