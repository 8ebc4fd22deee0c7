using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Receiving;

/// <summary>
/// Closes the sockets of connections. While the queue stops, a socket on which replies were sent stays open until the peer has read them.
/// Ring thread only, except <see cref="Abandon"/>.
/// </summary>
/// <remarks>
/// The kernel resets a connection whose socket is closed with unread bytes, or for which bytes arrive after the close. A reset drops
/// the replies that the kernel has not sent. Therefore such bytes are discarded until the peer closes, for a limited time. A connection on
/// which nothing was sent is closed at once, because no reply can be lost.
/// </remarks>
internal sealed class LingeringClose(QueueContext context)
{
    // The interval of checks. No event reports that the peer has acknowledged the last byte.
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);

    private readonly Lock _gate = new();
    // The ring thread changes the list under the lock. Another thread reads the list under the lock when the ring thread is stuck.
    private readonly List<LingeringSocket> _sockets = [];
    private long _deadline = long.MaxValue;
    private long _nextLook;
    private bool _lingers;

    /// <summary>Gets a value indicating whether sockets wait for the peer's close.</summary>
    public bool IsAny => _sockets.Count > 0;

    /// <summary>Gets the time of the next check; <see cref="long.MaxValue"/> for never.</summary>
    public long Due => IsAny ? _nextLook : long.MaxValue;

    /// <summary>Lets sockets linger from now on.</summary>
    /// <param name="deadline">The end of the drain time. Of several calls, the earliest deadline applies.</param>
    public void Begin(long deadline)
    {
        _lingers = true;
        _deadline = long.Min(_deadline, deadline);
    }

    /// <summary>Closes the socket of a connection, now or later. The kernel has no request for the connection.</summary>
    public void Close(ConnectionReceiver connection)
    {
        ConnectionControl control = connection.Control;
        // The end of the stream may have caused sends. They count as replies, and they may leave a rest.
        control.Sender.Flush();
        long now = context.Clock.Now;
        long until = long.Min(_deadline, now + context.Clock.ToTicks(context.Options.Value.PeerCloseTimeout));
        // Only for a queue that stops: before that, the application itself may close a connection in the middle of its stream.
        bool isUnfinished = _lingers && (connection.HasUnhandledBytes || control.Sender.HasRest);
        if (isUnfinished && !control.AbortRequested)
        {
            context.Counters.ConnectionsUnfinished++;
        }

        if (!_lingers || now >= until || control.AbortRequested || control.Sender.Sends == 0 || control.Sender.HasRest)
        {
            control.CloseSocket(isUnfinished);
            return;
        }

        LingeringSocket socket = new(connection, until);
        if (TryClose(socket, now))
        {
            return;
        }

        if (!IsAny)
        {
            _nextLook = now + context.Clock.ToTicks(Interval);
        }

        lock (_gate)
        {
            _sockets.Add(socket);
        }
    }

    /// <summary>Discards the bytes that have arrived, and closes the sockets for which nothing is left to wait.</summary>
    public void Look()
    {
        if (!IsAny)
        {
            return;
        }

        long now = context.Clock.Now;
        if (now >= _nextLook)
        {
            _nextLook = now + context.Clock.ToTicks(Interval);
            bool isAnyClosed = false;
            foreach (LingeringSocket socket in _sockets)
            {
                isAnyClosed |= TryClose(socket, now);
            }

            if (isAnyClosed)
            {
                lock (_gate)
                {
                    _sockets.RemoveAll(static socket => socket.IsClosed);
                }
            }
        }
    }

    /// <summary>Closes all sockets, because the queue ends.</summary>
    public void CloseAll()
    {
        _sockets.ForEach(static socket => socket.Close());
        lock (_gate)
        {
            _sockets.Clear();
        }
    }

    /// <summary>Resets the waiting connections in place of the ring thread, which is stuck. Any thread.</summary>
    public void Abandon()
    {
        LingeringSocket[] sockets;
        lock (_gate)
        {
            sockets = [.. _sockets];
        }

        Array.ForEach(sockets, static socket => socket.Abandon());
    }

    private bool TryClose(LingeringSocket socket, long now)
    {
        long before = socket.Discarded;
        bool isClosed = socket.TryClose(now);
        context.Counters.DiscardedBytes += socket.Discarded - before;
        return isClosed;
    }
}
