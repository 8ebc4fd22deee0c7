using System.Collections.Immutable;
using Zcrx.Rx.Receiving;

namespace Zcrx.Rx.Moving;

/// <summary>Owns the connections of closed queues until another queue resumes them at the same stream offset. Thread-safe.</summary>
/// <remarks>A connection that is removed under the lock belongs to the thread that has removed it.</remarks>
internal sealed class SuspendedConnectionOwner
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ConnectionReceiver, SuspendedConnection> _suspended = [];
    // The queues that resume connections.
    private ImmutableArray<ConnectionHost> _resumers = [];
    private int _next;
    private bool _isDisposed;

    /// <summary>Gets the number of connections that wait.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _suspended.Values.Count(static suspended => !suspended.IsMoving);
            }
        }
    }

    /// <summary>Distributes the suspended connections, and those that are suspended later, over queues.</summary>
    /// <param name="queues">The queues. If empty, connections stay suspended.</param>
    /// <returns>
    /// The number of connections that were resumed. A connection stays suspended if the queue that was to resume it has ended.
    /// </returns>
    public async Task<int> ResumeOnAsync(ImmutableArray<ConnectionHost> queues)
    {
        List<ConnectionMove> moves = [];
        lock (_gate)
        {
            _resumers = queues;
            foreach (SuspendedConnection suspended in _suspended.Values.Where(static suspended => !suspended.IsMoving))
            {
                if (TryPlan(suspended) is { } move)
                {
                    moves.Add(move);
                }
            }
        }

        moves.ForEach(Send);
        bool[] taken = await Task.WhenAll(moves.Select(static move => move.Done)).ConfigureAwait(false);
        return taken.Count(static isTaken => isTaken);
    }

    /// <summary>
    /// Ends the connections that wait. Their observers receive a <see cref="ZcrxStreamException"/> with the position,
    /// and their sockets are reset.
    /// </summary>
    /// <param name="forGood">Whether connections that are suspended later end at once.</param>
    public void EndAll(bool forGood)
    {
        SuspendedConnection[] waiting;
        lock (_gate)
        {
            _isDisposed |= forGood;
            waiting = [.. _suspended.Values.Where(static suspended => !suspended.IsMoving)];
            Array.ForEach(waiting, suspended => _suspended.Remove(suspended.Connection));
        }

        Array.ForEach(waiting, static suspended => EndUnwanted(suspended.Connection));
    }

    /// <summary>Suspends a connection whose queue has ended.</summary>
    internal void Add(ConnectionReceiver connection, ConnectionHost former, bool awaitsRoom)
    {
        SuspendedConnection suspended = new(connection, former, awaitsRoom);
        lock (_gate)
        {
            _suspended[connection] = suspended;
        }

        Forward(suspended);
    }

    /// <summary>Suspends a connection again, because the queue that was to resume it has ended.</summary>
    internal void TakeBack(SuspendedConnection suspended, ConnectionHost refusing)
    {
        lock (_gate)
        {
            suspended.Move = null;
            _resumers = _resumers.Remove(refusing);
        }

        Forward(suspended);
    }

    /// <summary>Removes a connection that a queue has resumed.</summary>
    /// <returns>Whether a sender waits for room.</returns>
    internal bool Leave(SuspendedConnection suspended)
    {
        lock (_gate)
        {
            _suspended.Remove(suspended.Connection);
            return suspended.AwaitsRoom;
        }
    }

    /// <summary>
    /// Moves a single connection to a queue, or detaches it. A detachment is given up while bytes of a send wait for room in the socket.
    /// </summary>
    /// <returns>False when the connection is not suspended, or is already being moved.</returns>
    internal bool TrySend(ConnectionReceiver connection, ConnectionMove move)
    {
        lock (_gate)
        {
            if (!_suspended.TryGetValue(connection, out SuspendedConnection? suspended) || suspended.IsMoving)
            {
                return false;
            }

            if (move.Target is null && connection.Control.Sender.HasRest)
            {
                // The waiting bytes are sent only after a queue resumes the connection. If the socket got another owner now, the peer would
                // read a stream with a gap.
                move.GiveUp();
                return true;
            }

            suspended.Move = move;
            move.Suspended = suspended;
            if (move.Target is null)
            {
                _suspended.Remove(connection);
            }
        }

        if (move.Target is null)
        {
            // This thread has removed the connection above, so no other thread can use it.
            Detachment.Complete(connection, move);
        }
        else
        {
            Send(move);
        }

        return true;
    }

    /// <summary>Returns the current move of a suspended connection; null if there is none.</summary>
    internal ConnectionMove? MoveOf(ConnectionReceiver connection)
    {
        lock (_gate)
        {
            return _suspended.TryGetValue(connection, out SuspendedConnection? suspended) ? suspended.Move : null;
        }
    }

    /// <summary>Records that a sender waits for room in the socket.</summary>
    /// <returns>False when the connection is not suspended.</returns>
    internal bool TryAwaitRoom(ConnectionReceiver connection)
    {
        lock (_gate)
        {
            if (!_suspended.TryGetValue(connection, out SuspendedConnection? suspended))
            {
                return false;
            }

            suspended.AwaitsRoom = true;
            return true;
        }
    }

    /// <summary>Closes a suspended connection if its closing was requested. No ring thread does this for a suspended connection.</summary>
    internal void Consider(ConnectionReceiver connection)
    {
        if (!connection.Control.CloseRequested)
        {
            return;
        }

        lock (_gate)
        {
            if (!_suspended.TryGetValue(connection, out SuspendedConnection? suspended) || suspended.IsMoving)
            {
                return;
            }

            _suspended.Remove(connection);
        }

        connection.Control.ResetIfUnfinished();
        End(connection, connection.Control.WhyClosed);
    }

    /// <summary>
    /// Ends a connection that no queue resumes. The stream ends at the delivered position, because the rest cannot be received.
    /// </summary>
    internal static void EndUnwanted(ConnectionReceiver connection)
    {
        const string Cause = "its queue was closed, and no other resumed it";
        connection.Control.RequestClose(abort: true, Cause);
        End(connection, Cause);
    }

    /// <summary>
    /// Begins to move a suspended connection to a queue. Without a queue, the connection stays suspended. If this object is disposed, the
    /// connection ends.
    /// </summary>
    private void Forward(SuspendedConnection suspended)
    {
        ConnectionMove? move;
        lock (_gate)
        {
            move = _isDisposed ? null : TryPlan(suspended);
            if (move is null && (!_isDisposed || !_suspended.Remove(suspended.Connection)))
            {
                return;
            }
        }

        if (move is null)
        {
            EndUnwanted(suspended.Connection);
        }
        else
        {
            Send(move);
        }
    }

    /// <summary>Plans the move to the next queue that has not ended; returns null when there is none. Called under the lock.</summary>
    private ConnectionMove? TryPlan(SuspendedConnection suspended)
    {
        if (suspended.IsMoving || !_suspended.ContainsKey(suspended.Connection))
        {
            return null;
        }

        for (int i = 0; i < _resumers.Length; i++)
        {
            ConnectionHost resumer = _resumers[(int)((uint)_next++ % (uint)_resumers.Length)];
            if (resumer != suspended.Former && !resumer.Ended.IsCompleted)
            {
                suspended.Move = new ConnectionMove(suspended.Former, resumer) { Suspended = suspended, IsContinuation = true };
                return suspended.Move;
            }
        }

        return null;
    }

    private static void Send(ConnectionMove move)
    {
        ConnectionReceiver connection = move.Suspended!.Connection;
        move.Target!.Receive(connection, move);
    }

    private static void End(ConnectionReceiver connection, string cause)
    {
        long delivered = connection.DropUndelivered();
        // If the stream had already ended, its observers receive the same end as without the suspension.
        Exception? end = connection.HasEnded && delivered == connection.BytesReceived
            ? connection.EndError
            : new ZcrxStreamException($"Receiving on {connection}", 0, delivered, cause, "");
        connection.EndStream(end);
        connection.Control.CloseSocket();
    }
}
