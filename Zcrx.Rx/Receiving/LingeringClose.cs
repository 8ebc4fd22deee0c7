using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Receiving;

/// <summary>
/// Closes the sockets of connections. When the queue stops, it keeps a socket with sent replies open until the peer has received them. Ring
/// thread only, except <see cref="Abandon"/>.
/// </summary>
/// <remarks>
/// The kernel resets a connection if its socket is closed with unread bytes, or if bytes arrive after the close. The reset drops replies
/// that the kernel has not sent yet. Arriving bytes are therefore discarded until the peer closes, for a limited time. If nothing was sent,
/// no reply can be lost and the socket is closed at once.
/// </remarks>
internal sealed class LingeringClose(QueueContext context)
{
    // The interval between checks. Checks are needed, because no event reports that the peer has acknowledged the last byte.
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);

    private readonly Lock _gate = new();
    // Only the ring thread changes the list, and it holds the lock when it does. Another thread reads the list under the lock when the ring
    // thread is stuck.
    private readonly List<LingeringSocket> _sockets = [];
    private long _deadline = long.MaxValue;
    private long _nextLook;
    private bool _lingers;

    /// <summary>Gets a value indicating whether any socket waits for its peer to close.</summary>
    public bool IsAny => _sockets.Count > 0;

    /// <summary>Gets the time of the next check; <see cref="long.MaxValue"/> for none.</summary>
    public long Due => IsAny ? _nextLook : long.MaxValue;

    /// <summary>Keeps sockets open for their peers from now on, instead of closing them at once.</summary>
    /// <param name="deadline">The end of the drain time. If this method is called several times, the earliest deadline applies.</param>
    public void Begin(long deadline)
    {
        _lingers = true;
        _deadline = long.Min(_deadline, deadline);
    }

    /// <summary>
    /// Closes the socket of a connection, at once or after its peer has closed. The kernel must have no request for the connection.
    /// </summary>
    public void Close(ConnectionReceiver connection)
    {
        ConnectionControl control = connection.Control;
        // Observers may have sent bytes when the stream ended. The flush counts them as replies, and may leave unsent bytes.
        control.Sender.Flush();
        long now = context.Clock.Now;
        long until = long.Min(_deadline, now + context.Clock.ToTicks(context.Options.Value.PeerCloseTimeout));
        // Always false while the queue is open, because the application may close a connection in the middle of its stream on purpose.
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

    /// <summary>Discards bytes that have arrived at waiting sockets, and closes the sockets that no longer need to wait.</summary>
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

    /// <summary>Closes all waiting sockets, because the queue ends.</summary>
    public void CloseAll()
    {
        _sockets.ForEach(static socket => socket.Close());
        lock (_gate)
        {
            _sockets.Clear();
        }
    }

    /// <summary>Resets the waiting connections because the ring thread is stuck. Any thread.</summary>
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
