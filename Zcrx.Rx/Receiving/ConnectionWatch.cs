using Zcrx.Rx.Connections;
using Zcrx.Rx.Pool;
using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Receiving;

/// <summary>
/// Checks every connection once per interval for a stalled receive, for silence, for missing observers and for a close that waits for the
/// peer. Ring thread only.
/// </summary>
/// <remarks>
/// Linux 7.1 and 7.2.0 to 7.2.9 strand a request that runs out of buffers or completions in the middle of a packet. The request stays armed
/// but delivers nothing, although bytes wait in the socket. Neither a capability nor an errno shows whether a kernel has the fix. The
/// sockets are therefore checked for waiting bytes on every kernel.
/// </remarks>
internal sealed class ConnectionWatch(
    SlotTable<ConnectionReceiver> connections, BufferPool pool, ReceiveScheduler scheduler, StallReports stalls, ILimitReports limits, IQueuePhase phase, QueueContext context)
{
    // The number of connections that are checked in one turn.
    private const int ChecksPerTurn = 512;

    private static readonly TimeSpan LongestInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ShortestInterval = TimeSpan.FromMilliseconds(10);

    // The time for which an unobserved connection stays open after its peer has ended its side.
    private static readonly TimeSpan HalfClosedGrace = TimeSpan.FromSeconds(1);

    private int _cursor;
    private int _unobserved;

    /// <summary>Gets the time of the next check; <see cref="long.MaxValue"/> for none.</summary>
    public long Due { get; private set; } = long.MaxValue;

    /// <summary>
    /// Checks connections once <see cref="Due"/> has passed. The check makes no system call for a connection that has received since its
    /// last check.
    /// </summary>
    public void Check()
    {
        if (connections.Count == 0)
        {
            Due = long.MaxValue;
            context.Counters.UnobservedConnections = 0;
            return;
        }

        long now = context.Clock.TurnStart;
        if (Due == long.MaxValue)
        {
            Due = now + Interval();
        }

        if (now < Due)
        {
            return;
        }

        for (int i = 0; i < ChecksPerTurn && _cursor < connections.Length; i++)
        {
            if (connections.At(_cursor++) is { } connection)
            {
                CheckStall(connection, now);
                EndIfSilent(connection, now);
                ResetIfUnread(connection, now);
                if (EndIfUnobserved(connection, now))
                {
                    _unobserved++;
                }
            }
        }

        if (_cursor >= connections.Length)
        {
            _cursor = 0;
            context.Counters.UnobservedConnections = _unobserved;
            _unobserved = 0;
            Due = now + Interval();
        }
    }

    private long Interval()
    {
        ZcrxQueueOptions options = context.Options.Value;
        RingClock clock = context.Clock;
        long unobserved = options.UnobservedTimeout == Timeout.InfiniteTimeSpan ? long.MaxValue : clock.ToTicks(options.UnobservedTimeout);
        return long.Clamp(long.Min(clock.ToTicks(options.ReceiveStallTimeout), unobserved) / 4, clock.ToTicks(ShortestInterval), clock.ToTicks(LongestInterval));
    }

    private void CheckStall(ConnectionReceiver connection, long now)
    {
        ZcrxQueueOptions options = context.Options.Value;
        long position = connection.BytesReceived;
        int waiting = ShouldReceive(connection) && !connection.Stall.HasProgressed(position) ? connection.Socket.BytesWaiting : 0;
        StallStep step = connection.Stall.Look(now, position, waiting > 0, context.Clock.ToTicks(options.ReceiveStallTimeout));
        if (step is StallStep.Report)
        {
            stalls.Begin(connection, waiting, now);
        }
        else if (step is StallStep.Recovered)
        {
            stalls.End(connection, now);
        }

        if (step is StallStep.Rearm or StallStep.Report && options.RearmsStrandedReceives)
        {
            scheduler.Reissue(connection);
        }
    }

    /// <summary>
    /// Determines whether the connection should be receiving. It should if it has a receive, or if its receive found no buffer but buffers
    /// now seem free.
    /// </summary>
    private bool ShouldReceive(ConnectionReceiver connection) =>
        connection.State != ReceiveState.Idle || (connection.Has(ReceiveObstacles.Starved) && pool.Free > 0 && connection.IsWanted);

    /// <summary>
    /// Ends a connection that has neither received nor sent for too long. A connection without an observer is left to
    /// <see cref="EndIfUnobserved"/>.
    /// </summary>
    private void EndIfSilent(ConnectionReceiver connection, long now)
    {
        if (connection.Gate is not { } gate || phase.IsEnding || connection.IsLeaving)
        {
            return;
        }

        if (connection.Silence.Look(now, connection.BytesReceived, connection.Control.Sender.Sends, connection.WantsReceive, Ticks(gate.FirstByteTimeout), Ticks(gate.IdleTimeout)) is not { } limit)
        {
            return;
        }

        // Checked last, because it costs a system call.
        if (connection.Socket.BytesWaiting > 0)
        {
            connection.Silence.Restart(now);
            return;
        }

        TimeSpan timeout = limit == ZcrxLimit.FirstByteTimeout ? gate.FirstByteTimeout : gate.IdleTimeout;
        string cause = limit == ZcrxLimit.FirstByteTimeout
            ? $"the peer sent nothing within {timeout.TotalSeconds:0.###} s after it had connected"
            : $"nothing was received or sent for {timeout.TotalSeconds:0.###} s";
        connection.End(new ZcrxStreamException($"Receiving on {connection}", 0, connection.BytesReceived, cause, $"Raise {limit} of the listener if such connections are legitimate"));
        connection.Control.RequestClose(abort: true, cause);
        limits.Acted(limit, gate.Name, connection.Socket.RemoteEndPoint, cause);
    }

    /// <summary>Resets a connection whose orderly close waits too long for the peer to read bytes that are still unsent.</summary>
    private void ResetIfUnread(ConnectionReceiver connection, long now)
    {
        ConnectionControl control = connection.Control;
        if (!control.CloseRequested || control.AbortRequested || !control.Sender.HasRest)
        {
            connection.CloseWait = null;
            return;
        }

        TimeSpan timeout = context.Options.Value.PeerCloseTimeout;
        int unacknowledged = connection.Socket.BytesUnacknowledged;
        if (connection.CloseWait is not { } wait || wait.Unacknowledged != unacknowledged)
        {
            // Either the close has just begun to wait, or the peer has read bytes.
            connection.CloseWait = (now, unacknowledged);
        }
        else if (now - wait.Since >= context.Clock.ToTicks(timeout))
        {
            string cause = $"the peer read nothing within {timeout.TotalSeconds:0.###} s after the connection had been closed";
            control.Fail(new ConnectionFailure(cause, new TimeoutException(cause)), abort: true);
        }
    }

    private long Ticks(TimeSpan timeout) => timeout == Timeout.InfiniteTimeSpan ? long.MaxValue : context.Clock.ToTicks(timeout);

    /// <summary>Ends a connection that has had no observer for too long.</summary>
    /// <returns>True if the connection has no observer and stays open.</returns>
    private bool EndIfUnobserved(ConnectionReceiver connection, long now)
    {
        // A connection whose stream has ended stays open while bytes are undelivered. Without an observer it would stay open forever, so
        // the timeout applies.
        bool isOver = connection.HasEnded && connection.Undelivered.Count == 0;
        if (connection.Stream.HasObservers || isOver || connection.Control.CloseRequested || connection.IsLeaving || phase.IsEnding)
        {
            connection.UnobservedSince = null;
            return false;
        }

        if (connection.Control.Work.IsAny || connection.Control.Sender.TakeHasSent() || connection.Control.Sender.IsBusy || connection.UnobservedSince is not { } since)
        {
            // A connection that only sends is in use, even while a send waits for the peer. So is a connection with a running handler.
            connection.UnobservedSince = now;
            return true;
        }

        TimeSpan timeout = context.Options.Value.UnobservedTimeout;
        TimeSpan limit = connection.HasPeerEnded && connection.Undelivered.Count == 0 && timeout > HalfClosedGrace ? HalfClosedGrace : timeout;
        if (limit == Timeout.InfiniteTimeSpan || now - since < context.Clock.ToTicks(limit))
        {
            return true;
        }

        connection.End(new ZcrxStreamException(
            $"Receiving on {connection}",
            0,
            connection.BytesReceived,
            $"it had no observer for {limit.TotalSeconds:0.###} s{(connection.HasPeerEnded ? " after the peer had ended" : "")}",
            "Subscribe to Buffers, close the connection, or raise UnobservedTimeout"));
        connection.Control.RequestClose(abort: true, connection.EndError!.Cause);
        return false;
    }
}
