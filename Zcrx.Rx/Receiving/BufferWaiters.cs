using Zcrx.Rx.Pool;
using Zcrx.Rx.Pressure;
using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Receiving;

/// <summary>Holds the connections that wait for buffers, and decides how many buffers a connection may take. Ring thread only.</summary>
/// <param name="connections">The connections of the queue, which share the pool.</param>
/// <param name="pool">The pool.</param>
/// <param name="context">Options, clock and counters.</param>
/// <param name="reconcile">Called with a connection that may receive again.</param>
internal sealed class BufferWaiters(SlotTable<ConnectionReceiver> connections, BufferPool pool, QueueContext context, Action<ConnectionReceiver> reconcile)
{
    // The number of turns without data in which the kernel found no buffer although some seemed free. After that, receives are retried at
    // intervals only.
    private const int BarrenTurns = 4;

    // Each failed retry doubles the interval, up to 128 ms.
    private const int MostDoublings = 7;

    private static readonly TimeSpan StarvedRetry = TimeSpan.FromMilliseconds(1);

    private readonly Queue<ConnectionReceiver> _starved = new();
    private readonly List<ConnectionReceiver> _paused = [];
    private int _barrenTurns;
    private bool _isBarren;
    private bool _ranDry;
    private long _retryAt = long.MaxValue;

    /// <summary>Gets the number of connections that wait.</summary>
    public int Count => _starved.Count + _paused.Count;

    /// <summary>Gets the time at which starved connections are retried; <see cref="long.MaxValue"/> for never.</summary>
    public long Due => _starved.Count > 0 ? _retryAt : long.MaxValue;

    /// <summary>Gets the number of buffers that one connection may lease under pressure.</summary>
    public int Quota => PressureMachine.Quota(pool.Buffers, connections.Count, context.Options.Value.ConnectionQuota);

    /// <summary>Returns how many buffers a connection may take now. The result is the budget of its next request.</summary>
    /// <remarks>
    /// The reserve, the last buffers of the pool, is for connections without leases. A budget in bytes does not limit the number of
    /// buffers exactly, because a few bytes may take a whole buffer. Leases on buffers of the reserve are therefore copies, so that a
    /// consumer that keeps its leases can never take the whole pool. Connections whose consumers return their buffers always continue,
    /// even if only with one buffer at a time.
    /// </remarks>
    public int Allowance(ConnectionReceiver connection) => int.Max(pool.Available, connection.Holder.Leased == 0 ? 1 : 0);

    /// <summary>
    /// Determines whether a request might take the whole reserve, because its budget was set when more buffers were free.
    /// </summary>
    /// <remarks>
    /// Budgets are in bytes, and a few bytes may take a whole buffer. The buffers can therefore run out before the budget that was
    /// computed from them.
    /// </remarks>
    public bool MayTakeTooMuch(ConnectionReceiver connection)
    {
        long buffers = (connection.BudgetLeft + pool.BufferLength - 1) / pool.BufferLength;
        return buffers > Allowance(connection) + pool.Reserve - 1;
    }

    /// <summary>Pauses a connection until it leases less, or the pool has recovered.</summary>
    public void Pause(ConnectionReceiver connection)
    {
        connection.Set(ReceiveObstacles.Pressure);
        _paused.Add(connection);
        context.Counters.Pauses++;
    }

    /// <summary>
    /// Handles a receive that ended because the pool was empty. Flushes first, because the refill queue often has buffers.
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

            // On a NIC, buffers that count as free may lie in the ring of the NIC. No event reports when they leave that ring, so
            // receives are retried at intervals.
            _retryAt = context.Clock.Now + (context.Clock.ToTicks(StarvedRetry) << int.Min(_barrenTurns - BarrenTurns, MostDoublings));
        }

        pool.Starve();
        connection.Set(ReceiveObstacles.Starved);
        _starved.Enqueue(connection);
        context.Counters.Pauses++;
    }

    /// <summary>Resumes the connections that can receive again.</summary>
    public void Resume()
    {
        ResumeStarved();
        ResumePaused();
        context.Counters.PausedConnections = Count;
    }

    /// <summary>Ends a turn.</summary>
    /// <param name="hasReceived">Whether a connection has received in the turn.</param>
    /// <returns>Whether the pool may have been empty in the turn, so that requests may have been stranded.</returns>
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
    /// Resumes starved connections in order, at most one for each free buffer. Further connections would only starve again.
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
    /// Resumes paused connections when the pool has recovered. A connection with few leases is resumed at any time:
    /// leases of others must not stop it.
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
