using Zcrx.Rx.Connections;
using Zcrx.Rx.Pressure;

namespace Zcrx.Rx.Loop;

/// <content>Who may take buffers: allowances, pauses, resumption. A consumer that is stuck stops its own connection and no other.</content>
internal sealed unsafe partial class ReceiveLoop
{
    // Turns in which the kernel found no buffer although there should have been some: from then on it is asked now and then, not all the time.
    private const int BarrenTurns = 4;

    private static readonly TimeSpan StarvedRetry = TimeSpan.FromMilliseconds(1);

    // Each retry in vain doubles the wait: to 128 ms.
    private const int MostDoublings = 7;

    private readonly Queue<ZcrxConnection> _starved = new();
    private readonly List<ZcrxConnection> _paused = [];
    private int _reserve;
    private int _barrenTurns;
    private bool _barren;
    private bool _ranDry;
    private long _retryStarvedAt = long.MaxValue;

    /// <summary>Buffers that a connection may take now; its next request gets a budget of as many.</summary>
    /// <remarks>
    /// The last buffers of the pool, the reserve, are for connections that hold none; and what is kept of them is kept as a copy, since a
    /// few bytes may take a whole buffer, so that a budget in bytes bounds no number of buffers. So whoever keeps what it gets can never take
    /// the whole pool, and those whose consumers return their buffers always move, if only one buffer at a time.
    /// </remarks>
    private int Allowance(ZcrxConnection connection)
    {
        int free = _poolSize - _keptElsewhere - _queue.Ledger.Away - _reserve;
        return int.Max(free, connection.Holder.Held == 0 ? 1 : 0);
    }

    /// <summary>Nothing is left that a connection may take: it waits until it has returned something, or the pool has recovered.</summary>
    private void HoldBack(ZcrxConnection connection)
    {
        _starvedSignal = true;
        PauseByPressure(connection);
    }

    private void PauseByPressure(ZcrxConnection connection)
    {
        connection.IsPausedByPressure = true;
        _paused.Add(connection);
        Counters.Pauses++;
    }

    /// <summary>A receive ended because the pool was empty. Often the refill queue has what it needs.</summary>
    private void OnStarved(ZcrxConnection connection)
    {
        _ranDry = true;
        FlushRefillQueue();
        if (FreeBuffers > 0)
        {
            _barren = true;
            if (_barrenTurns < BarrenTurns)
            {
                return;
            }

            // On a NIC, buffers that we count as free may lie in its ring. Nothing tells when they come out of it.
            _retryStarvedAt = _time.GetTimestamp() + (ToTicks(StarvedRetry) << int.Min(_barrenTurns - BarrenTurns, MostDoublings));
        }

        _starvedSignal = true;
        connection.IsStarved = true;
        _starved.Enqueue(connection);
        Counters.Pauses++;
    }

    /// <summary>First come, first served, and no more of them than there are buffers: the others would only starve again.</summary>
    private void ResumeStarved()
    {
        if (_starved.Count == 0 || (_retryStarvedAt != long.MaxValue && _time.GetTimestamp() < _retryStarvedAt))
        {
            return;
        }

        _retryStarvedAt = long.MaxValue;
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
            if ((recovered || connection.Holder.Held <= quota / 2) && Allowance(connection) > 0)
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

    /// <summary>After a batch: pauses who holds too much, cuts budgets that have become too large, and issues stranded requests again.</summary>
    private void AfterTurn()
    {
        // Looked at before anything is flushed.
        bool ranDry = _ranDry || FreeBuffers <= 0 || SharesPool;
        _ranDry = false;
        _barrenTurns = _received.Count > 0 ? 0 : _barren ? _barrenTurns + 1 : _barrenTurns;
        _barren = false;
        if (_received.Count == 0)
        {
            return;
        }

        WatchPool();
        bool pressed = _pressure.Level != PoolPressureLevel.Normal;
        bool mayStrand = (_completionsFull || ranDry) && _options.RearmsStrandedReceives;
        if (pressed || mayStrand || _queue.Ledger.Away > 0)
        {
            int quota = Quota();
            foreach (ZcrxConnection connection in _received)
            {
                LookAfter(connection, pressed ? quota : int.MaxValue, mayStrand);
            }
        }

        _received.Clear();
    }

    private void LookAfter(ZcrxConnection connection, int quota, bool mayStrand)
    {
        if (connection.HasEnded || connection.CloseRequested)
        {
            return;
        }

        if (connection.Holder.Held > quota && !connection.IsPausedByPressure)
        {
            PauseByPressure(connection);
            BringInLine(connection);
        }
        else if (connection.ReceiveState == ReceiveState.Armed && (MayTakeTooMuch(connection) || (mayStrand && BytesWaiting(connection) > 0)))
        {
            Reissue(connection);
        }
    }

    /// <summary>Whether a request's budget, given when more was free, would let it take the reserve whole.</summary>
    /// <remarks>Budgets are in bytes, and a few bytes may take a whole buffer: so a budget can outlast the buffers that it was meant for.</remarks>
    private bool MayTakeTooMuch(ZcrxConnection connection)
    {
        long buffers = (connection.BudgetLeft + _queue.BufferLength - 1) / _queue.BufferLength;
        return buffers > Allowance(connection) + _reserve - 1;
    }

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
