using System.Runtime.CompilerServices;
using Zcrx.Interop;
using Zcrx.Rx.Pressure;

namespace Zcrx.Rx.Loop;

/// <content>The pool: buffers that come back, flushing, pressure, pauses and resumption.</content>
internal sealed unsafe partial class ReceiveLoop
{
    // Small enough that what comes back is used again while it is still in the cache, large enough that a flush per this many is nothing.
    private const int FlushThreshold = 64;

    private readonly Queue<ulong> _heldBack = new();
    private readonly Queue<ZcrxConnection> _starved = new();
    private readonly List<ZcrxConnection> _paused = [];
    private PressureMachine _pressure;
    private int _publishedLevel;
    private int _flushThreshold;
    private int _lastKept;
    private long _pressureSince;
    private bool _starvedSignal;
    private bool _cannotGrow;

    private int Buffers => _queue.Buffers;

    /// <summary>Buffers that the kernel could use right now, as far as we know.</summary>
    private int FreeBuffers => _poolSize - _queue.Ledger.Kept - (int)_queue.Refill.Depth - _heldBack.Count;

    private int _poolSize;

    private void OnPoolSizeKnown()
    {
        _poolSize = Buffers;
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
        if (_heldBack.Count > 0)
        {
            FlushRefillQueue();
            while (_heldBack.TryPeek(out ulong offset) && _queue.Refill.TryAppend(offset))
            {
                _heldBack.Dequeue();
            }
        }

        _queue.Refill.Publish();
        uint depth = _queue.Refill.Depth;
        Counters.RefillDepth = depth;
        if (depth >= _flushThreshold && Engine.Engine != ZcrxEngine.Nic)
        {
            FlushRefillQueue();
        }

        WatchPool();
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

    /// <summary>A receive ended because the pool was empty. Often the refill queue has what it needs.</summary>
    private void OnStarved(ZcrxConnection connection)
    {
        FlushRefillQueue();
        if (FreeBuffers > 0)
        {
            return;
        }

        _starvedSignal = true;
        connection.IsStarved = true;
        _starved.Enqueue(connection);
        Counters.Pauses++;
    }

    /// <summary>Decides the level, resumes who may go on.</summary>
    private void WatchPool()
    {
        int kept = _queue.Ledger.Kept;
        if (kept == _lastKept && !_starvedSignal && _starved.Count == 0 && _paused.Count == 0)
        {
            return;
        }

        _lastKept = kept;
        bool changed = _pressure.Observe(kept, _poolSize, _starvedSignal);
        while (_pressure.Level != PoolPressureLevel.Normal && TryGrow())
        {
            changed |= _pressure.Observe(kept, _poolSize, starved: false);
        }

        if (changed)
        {
            PublishLevel(kept);
        }

        _starvedSignal = false;
        ResumeStarved();
        ResumePaused();
        Counters.PausedConnections = _starved.Count + _paused.Count;
    }

    /// <summary>Adds an area, if that is allowed and possible. Nobody has been paused yet.</summary>
    private bool TryGrow()
    {
        if (_cannotGrow || (long)_poolSize * _queue.BufferLength + _options.AreaSize > _options.MaxAreaSize)
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
        if ((PoolPressureLevel)_publishedLevel != PoolPressureLevel.Normal)
        {
            Counters.PressureTicks += now - _pressureSince;
        }

        _pressureSince = now;
        Volatile.Write(ref _publishedLevel, (int)_pressure.Level);
        _queue.Ledger.IsUnderPressure = _pressure.Level != PoolPressureLevel.Normal;
        _events.PressureChanged(new PoolPressure(_options.Name, _pressure.Level, kept, _poolSize, _starved.Count + _paused.Count, _time.GetUtcNow()));
    }

    /// <summary>First come, first served, and no more of them than there are buffers: the others would only starve again.</summary>
    private void ResumeStarved()
    {
        if (_starved.Count == 0)
        {
            return;
        }

        FlushRefillQueue();
        for (int free = FreeBuffers; free > 0 && _starved.TryDequeue(out ZcrxConnection? connection); free--)
        {
            connection.IsStarved = false;
            BringInLine(connection);
        }
    }

    /// <summary>A paused connection goes on when the pool has recovered, or when it holds little itself: others' buffers must not stop it.</summary>
    private void ResumePaused()
    {
        if (_paused.Count == 0)
        {
            return;
        }

        int quota = Quota();
        bool recovered = _pressure.Level == PoolPressureLevel.Normal;
        for (int i = 0; i < _paused.Count;)
        {
            ZcrxConnection connection = _paused[i];
            if (recovered || connection.BuffersHeld <= quota / 2)
            {
                _paused.RemoveAt(i);
                connection.IsPausedByPressure = false;
                BringInLine(connection);
            }
            else
            {
                i++;
            }
        }
    }

    private int Quota() => PressureMachine.Quota(_poolSize, _connections.Count, _options.ConnectionQuota);

    /// <summary>After a batch: pauses who holds too much, and looks after kernels that strand a request.</summary>
    private void AfterTurn()
    {
        if (_received.Count == 0)
        {
            return;
        }

        WatchPool();
        bool pressed = _pressure.Level != PoolPressureLevel.Normal;
        bool stranded = !_capabilities.ExhaustionEndsReceive && (_completionsFull || FreeBuffers <= 0);
        if (pressed || stranded)
        {
            int quota = Quota();
            foreach (ZcrxConnection connection in _received)
            {
                if (pressed && connection.BuffersHeld > quota && !connection.IsPausedByPressure && !connection.HasEnded && !connection.CloseRequested)
                {
                    connection.IsPausedByPressure = true;
                    _paused.Add(connection);
                    Counters.Pauses++;
                    BringInLine(connection);
                }
                else if (stranded && connection.ReceiveState == Connections.ReceiveState.Armed)
                {
                    // Kernels without the end: the request may sit there with bytes in the socket. Cancelled, it is issued again in the next turn.
                    connection.ReceiveState = Connections.ReceiveState.Cancelling;
                    PrepareCancel(ReceiveTag(connection));
                }
            }
        }

        _received.Clear();
    }

    /// <summary>Before sleeping: while somebody waits for buffers, a return from another thread must wake us.</summary>
    private bool PrepareToSleep() => (_starved.Count == 0 && _paused.Count == 0) || _queue.Ledger.TryPrepareToSleep();

    private void Forget(ZcrxConnection connection)
    {
        if (connection.IsPausedByPressure)
        {
            _paused.Remove(connection);
            connection.IsPausedByPressure = false;
        }

        if (connection.IsStarved)
        {
            connection.IsStarved = false;
            int count = _starved.Count;
            for (int i = 0; i < count; i++)
            {
                ZcrxConnection other = _starved.Dequeue();
                if (other != connection)
                {
                    _starved.Enqueue(other);
                }
            }
        }
    }
}
