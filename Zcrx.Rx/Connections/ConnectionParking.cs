using System.Collections.Immutable;
using Zcrx.Rx.Connections;
using Zcrx.Rx.Loop;

namespace Zcrx.Rx;

/// <summary>Where connections wait whose queue has ended, until another queue goes on with them at the very byte.</summary>
/// <remarks>
/// <para>Give it to <see cref="ZcrxQueue.OpenAsync(ZcrxQueueOptions, ConnectionParking, CancellationToken)"/>. Connections come here after
/// <see cref="ZcrxQueue.ParkAsync"/>, and after a failure of the queue if the position of their streams is certain; others get an error. While they wait they are
/// paused: nobody receives, so TCP makes their senders wait; sending works until the socket is full. Closing one closes it at once.</para>
/// <para>Threading: all members from any thread. Ownership: whoever made it disposes it; that ends the connections that still wait, with an error.</para>
/// </remarks>
public sealed class ConnectionParking : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ZcrxConnection, ParkedConnection> _parked = [];
    // Who takes those that come later.
    private ImmutableArray<ReceiveLoop> _exits = [];
    private int _next;
    private bool _isDisposed;

    /// <summary>Connections that wait here.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _parked.Values.Count(static parked => !parked.IsUnderway);
            }
        }
    }

    /// <summary>Lets a queue go on with all connections that wait here, and with those that come later, until it ends or another call names others.</summary>
    /// <param name="queue">The queue.</param>
    /// <returns>How many it has taken over. Those that it could not take, because it ended meanwhile, wait on.</returns>
    public Task<int> ContinueOnAsync(ZcrxQueue queue)
    {
        ArgumentNullException.ThrowIfNull(queue);
        return ContinueOnAsync([queue]);
    }

    /// <summary>Lets several queues go on with the connections that wait here and that come later, each with as many as the next.</summary>
    /// <param name="queues">The queues. With none, connections wait.</param>
    /// <returns>How many were taken over. Those that were not, because their queue ended meanwhile, wait on.</returns>
    public async Task<int> ContinueOnAsync(IReadOnlyList<ZcrxQueue> queues)
    {
        ArgumentNullException.ThrowIfNull(queues);
        List<ConnectionMove> moves = [];
        lock (_gate)
        {
            _exits = [.. queues.Select(static queue => queue.Loop)];
            foreach (ParkedConnection parked in _parked.Values.Where(static parked => !parked.IsUnderway))
            {
                if (TryPlan(parked) is { } move)
                {
                    moves.Add(move);
                }
            }
        }

        moves.ForEach(Send);
        bool[] taken = await Task.WhenAll(moves.Select(static move => move.Done)).ConfigureAwait(false);
        return taken.Count(static isTaken => isTaken);
    }

    /// <summary>Ends the connections that wait here: their observers get a <see cref="ZcrxStreamException"/> with the position, their sockets are reset.</summary>
    public void EndAll() => EndAll(forGood: false);

    /// <summary>As <see cref="EndAll()"/>, and those that come later end at once.</summary>
    public void Dispose() => EndAll(forGood: true);

    private void EndAll(bool forGood)
    {
        ParkedConnection[] waiting;
        lock (_gate)
        {
            _isDisposed |= forGood;
            waiting = [.. _parked.Values.Where(static parked => !parked.IsUnderway)];
            Array.ForEach(waiting, parked => _parked.Remove(parked.Connection));
        }

        Array.ForEach(waiting, static parked => EndUnwanted(parked.Connection));
    }

    /// <summary>A connection has lost its queue.</summary>
    internal void Add(ZcrxConnection connection, ReceiveLoop former, bool awaitsRoom)
    {
        ParkedConnection parked = new(connection, former, awaitsRoom);
        lock (_gate)
        {
            _parked[connection] = parked;
        }

        Forward(parked);
    }

    /// <summary>The queue that was to go on with it has ended, too.</summary>
    internal void TakeBack(ParkedConnection parked, ReceiveLoop refusing)
    {
        lock (_gate)
        {
            parked.Move = null;
            _exits = _exits.Remove(refusing);
        }

        Forward(parked);
    }

    /// <summary>A queue has taken it over, and is where the connection looks for its loop from now on.</summary>
    /// <returns>Whether a sender waits for room.</returns>
    internal bool Leave(ParkedConnection parked)
    {
        lock (_gate)
        {
            _parked.Remove(parked.Connection);
            return parked.AwaitsRoom;
        }
    }

    /// <summary>Lets a single connection go to a queue, or out.</summary>
    /// <returns>False when it is not here, or under way already.</returns>
    internal bool TrySend(ZcrxConnection connection, ConnectionMove move)
    {
        lock (_gate)
        {
            if (!_parked.TryGetValue(connection, out ParkedConnection? parked) || parked.IsUnderway)
            {
                return false;
            }

            parked.Move = move;
            move.Parked = parked;
            if (move.Target is null)
            {
                _parked.Remove(connection);
            }
        }

        if (move.Target is null)
        {
            move.Source.LetGo(connection, move);
        }
        else
        {
            Send(move);
        }

        return true;
    }

    /// <summary>The move of a connection that is on its way from here to a queue; null if there is none.</summary>
    internal ConnectionMove? MoveOf(ZcrxConnection connection)
    {
        lock (_gate)
        {
            return _parked.TryGetValue(connection, out ParkedConnection? parked) ? parked.Move : null;
        }
    }

    /// <summary>A sender wants to know of room in the socket.</summary>
    /// <returns>False when the connection is not here.</returns>
    internal bool TryAwaitRoom(ZcrxConnection connection)
    {
        lock (_gate)
        {
            if (!_parked.TryGetValue(connection, out ParkedConnection? parked))
            {
                return false;
            }

            parked.AwaitsRoom = true;
            return true;
        }
    }

    /// <summary>Something about a connection has changed that may be here: if it is to be closed, nobody else would do it.</summary>
    internal void Consider(ZcrxConnection connection)
    {
        if (!connection.CloseRequested)
        {
            return;
        }

        lock (_gate)
        {
            if (!_parked.TryGetValue(connection, out ParkedConnection? parked) || parked.IsUnderway)
            {
                return;
            }

            _parked.Remove(connection);
        }

        End(connection, connection.WhyClosed);
    }

    /// <summary>Nothing was lost, and nobody is left to receive the rest.</summary>
    internal static void EndUnwanted(ZcrxConnection connection)
    {
        connection.RequestClose(abort: true);
        End(connection, "its queue was closed, and no other went on with it");
    }

    /// <summary>It goes on at once, waits, or ends.</summary>
    private void Forward(ParkedConnection parked)
    {
        ConnectionMove? move;
        lock (_gate)
        {
            move = _isDisposed ? null : TryPlan(parked);
            if (move is null && (!_isDisposed || !_parked.Remove(parked.Connection)))
            {
                return;
            }
        }

        if (move is null)
        {
            EndUnwanted(parked.Connection);
        }
        else
        {
            Send(move);
        }
    }

    /// <summary>The way to the next queue that is not known to have ended; null when there is none. Under the lock.</summary>
    private ConnectionMove? TryPlan(ParkedConnection parked)
    {
        if (parked.IsUnderway || !_parked.ContainsKey(parked.Connection))
        {
            return null;
        }

        for (int i = 0; i < _exits.Length; i++)
        {
            ReceiveLoop exit = _exits[(int)((uint)_next++ % (uint)_exits.Length)];
            if (exit != parked.Former && !exit.Ended.IsCompleted)
            {
                parked.Move = new ConnectionMove(parked.Former, exit) { Parked = parked, IsContinuation = true };
                return parked.Move;
            }
        }

        return null;
    }

    private static void Send(ConnectionMove move)
    {
        ZcrxConnection connection = move.Parked!.Connection;
        ReceiveLoop target = move.Target!;
        target.Post(() => target.Adopt(connection, move), () => move.Source.TakeHome(connection, move));
    }

    private static void End(ZcrxConnection connection, string cause)
    {
        long delivered = connection.DropUndelivered();
        // What had ended before it came here ends for its observers as it would have.
        Exception? end = connection.HasEnded && delivered == connection.BytesReceived
            ? connection.EndError
            : new ZcrxStreamException($"Receiving on {connection}", 0, delivered, cause, "");
        connection.Stream.End(end);
        connection.CloseSocket();
    }
}
