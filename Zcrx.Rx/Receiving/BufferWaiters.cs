using Zcrx.Rx.Pool;
using Zcrx.Rx.Pressure;
using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Receiving;

/// <summary>Holds the connections that wait for buffers, and decides how many buffers a connection may take. Ring thread only.</summary>
/// <param name="connections">The connections of the queue, which share the pool.</param>
/// <param name="pool">The buffers of the queue.</param>
/// <param name="context">The options, the clock and the counters of the queue.</param>
/// <param name="reconcile">Called with each connection that may receive again.</param>
internal sealed class BufferWaiters(SlotTable<ConnectionReceiver> connections, BufferPool pool, QueueContext context, Action<ConnectionReceiver> reconcile)
{
    // A turn is barren if it received nothing and a receive ended without a buffer although some seemed free. After this many barren turns,
    // receives are retried at intervals only.
    private const int BarrenTurns = 4;

    // The interval starts at 1 ms and doubles with each failed retry, up to 128 ms.
    private const int MostDoublings = 7;

    private static readonly TimeSpan StarvedRetry = TimeSpan.FromMilliseconds(1);

    private readonly Queue<ConnectionReceiver> _starved = new();
    private readonly List<ConnectionReceiver> _paused = [];
    private int _barrenTurns;
    private bool _isBarren;
    private bool _ranDry;
    private long _retryAt = long.MaxValue;

    /// <summary>Gets the number of connections that wait for buffers.</summary>
    public int Count => _starved.Count + _paused.Count;

    /// <summary>
    /// Gets the time of the next retry for connections whose receive found no buffer; <see cref="long.MaxValue"/> for none.
    /// </summary>
    public long Due => _starved.Count > 0 ? _retryAt : long.MaxValue;

    /// <summary>Gets the number of buffers that one connection may lease under pressure.</summary>
    public int Quota => PressureMachine.Quota(pool.Buffers, connections.Count, context.Options.Value.ConnectionQuota);

    /// <summary>Returns how many buffers a connection may take now. The budget of its next receive follows from this number.</summary>
    /// <remarks>
    /// A connection without leases may take one buffer even when only the reserve, the last buffers of the pool, is left. Connections whose
    /// consumers return their buffers therefore always continue. A budget in bytes does not limit the number of buffers exactly, because a
    /// few bytes may take a whole buffer. Leases on buffers of the reserve are therefore copies, so that leases can never take the whole
    /// pool.
    /// </remarks>
    public int Allowance(ConnectionReceiver connection) => int.Max(pool.Available, connection.Holder.Leased == 0 ? 1 : 0);

    /// <summary>
    /// Determines whether the current receive might take the whole reserve, because more buffers were free when its budget was set.
    /// </summary>
    /// <remarks>
    /// Budgets are in bytes, and a few bytes may take a whole buffer. The pool can therefore run out of buffers before a receive has used
    /// its budget.
    /// </remarks>
    public bool MayTakeTooMuch(ConnectionReceiver connection)
    {
        long buffers = (connection.BudgetLeft + pool.BufferLength - 1) / pool.BufferLength;
        return buffers > Allowance(connection) + pool.Reserve - 1;
    }

    /// <summary>Pauses a connection that leases too many buffers, until it leases fewer or the pool has recovered.</summary>
    public void Pause(ConnectionReceiver connection)
    {
        connection.Set(ReceiveObstacles.Pressure);
        _paused.Add(connection);
        context.Counters.Pauses++;
    }

    /// <summary>
    /// Handles a receive that ended because the kernel found no buffer. Flushes the refill queue first, because returned buffers often wait
    /// there.
    /// </summary>
    public void Starve(ConnectionReceiver connection)
    {
        _ranDry = true;
        pool.Flush();
        if (pool.Free > 0)
        {
            _isBarren = true;
            if (_barrenTurns < BarrenTurns)
            {
                return;
            }

            // On a NIC, buffers that count as free may still lie in the NIC's own ring. No event reports when they leave that ring, so
            // receives are retried at intervals.
            _retryAt = context.Clock.Now + (context.Clock.ToTicks(StarvedRetry) << int.Min(_barrenTurns - BarrenTurns, MostDoublings));
        }

        pool.Starve();
        connection.Set(ReceiveObstacles.Starved);
        _starved.Enqueue(connection);
        context.Counters.Pauses++;
    }

    /// <summary>Resumes the connections for which buffers are available.</summary>
    public void Resume()
    {
        ResumeStarved();
        ResumePaused();
        context.Counters.PausedConnections = Count;
    }

    /// <summary>Ends a turn and counts it as barren if it received nothing although buffers seemed free.</summary>
    /// <param name="hasReceived">Whether any connection received bytes in the turn.</param>
    /// <returns>True if the pool may have been empty in the turn, so that the kernel may have stranded requests.</returns>
    public bool EndTurn(bool hasReceived)
    {
        bool ranDry = _ranDry || pool.Free <= 0 || pool.IsShared;
        _ranDry = false;
        _barrenTurns = hasReceived ? 0 : _isBarren ? _barrenTurns + 1 : _barrenTurns;
        _isBarren = false;
        return ranDry;
    }

    /// <summary>Removes a connection that leaves the queue.</summary>
    public void Remove(ConnectionReceiver connection)
    {
        if (connection.Has(ReceiveObstacles.Pressure))
        {
            _paused.Remove(connection);
            connection.Clear(ReceiveObstacles.Pressure);
        }

        if (connection.Has(ReceiveObstacles.Starved))
        {
            connection.Clear(ReceiveObstacles.Starved);
            for (int i = _starved.Count; i > 0; i--)
            {
                ConnectionReceiver other = _starved.Dequeue();
                if (other != connection)
                {
                    _starved.Enqueue(other);
                }
            }
        }
    }

    /// <summary>
    /// Resumes the connections whose receive found no buffer, in order, at most one for each free buffer. A further receive would find no
    /// buffer either.
    /// </summary>
    private void ResumeStarved()
    {
        if (_starved.Count == 0 || (_retryAt != long.MaxValue && context.Clock.Now < _retryAt))
        {
            return;
        }

        _retryAt = long.MaxValue;
        pool.Flush();
        for (int free = pool.Free; free > 0 && _starved.TryDequeue(out ConnectionReceiver? connection); free--)
        {
            connection.Clear(ReceiveObstacles.Starved);
            reconcile(connection);
        }
    }

    /// <summary>
    /// Resumes paused connections when the pool has recovered. A connection that leases few buffers is resumed earlier, because leases of
    /// other connections must not stop it.
    /// </summary>
    private void ResumePaused()
    {
        if (_paused.Count == 0)
        {
            return;
        }

        int quota = Quota;
        bool hasRecovered = pool.Level == PoolPressureLevel.Normal;
        for (int i = 0; i < _paused.Count;)
        {
            ConnectionReceiver connection = _paused[i];
            if ((hasRecovered || connection.Holder.Leased <= quota / 2) && Allowance(connection) > 0)
            {
                _paused.RemoveAt(i);
                connection.Clear(ReceiveObstacles.Pressure);
                reconcile(connection);
            }
            else
            {
                i++;
            }
        }
    }
}
