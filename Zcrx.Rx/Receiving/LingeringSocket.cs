using Zcrx.Rx.Connections;

namespace Zcrx.Rx.Receiving;

/// <summary>Represents a socket that stays open until its peer has closed. Ring thread only, except <see cref="Abandon"/>.</summary>
/// <remarks>
/// The end of sending (FIN) tells the peer that all its bytes were handled. It is sent only if no byte is unread and no frame is
/// incomplete. Otherwise the connection is reset as soon as the peer's kernel has acknowledged the replies. The peer can read these
/// replies even after the reset. Bytes that arrive after the FIN are discarded and cause a reset at the end of the wait. If the peer has
/// ended its side as well, there is no reset, because a reset could drop replies.
/// </remarks>
internal sealed class LingeringSocket(ConnectionReceiver connection, long until)
{
    private bool _isShutDown;
    private bool _hasEnded;

    /// <summary>Gets the number of received bytes that were discarded.</summary>
    public long Discarded { get; private set; }

    /// <summary>Gets a value indicating whether the socket is closed.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>Gets a value indicating whether received bytes were discarded here or dropped by a consumer.</summary>
    private bool HasUnhandled => Discarded > 0 || connection.HasUnhandledBytes;

    /// <summary>
    /// Gets a value indicating whether the connection must be reset. After an orderly end, the peer would assume that all its bytes were
    /// handled.
    /// </summary>
    private bool IsToBeReset => HasUnhandled && !(_isShutDown && _hasEnded);

    /// <summary>Discards bytes that have arrived, and closes the socket if it no longer needs to wait.</summary>
    /// <returns>True if the socket is now closed.</returns>
    public bool TryClose(long now)
    {
        IConnectionSocket socket = connection.Socket;
        connection.Control.Sender.Close();
        long discarded = socket.Discard(out _hasEnded);
        Discarded += long.Max(0, discarded);
        if (!_isShutDown && !HasUnhandled)
        {
            _isShutDown = true;
            socket.ShutdownSend();
        }

        bool isDone = discarded < 0 || (_isShutDown ? _hasEnded : socket.BytesUnacknowledged == 0);
        if (!isDone && now < until && !connection.Control.AbortRequested)
        {
            return false;
        }

        Close();
        return true;
    }

    /// <summary>Closes the socket now, by a reset if bytes were not handled.</summary>
    public void Close()
    {
        connection.Control.CloseSocket(IsToBeReset);
        IsClosed = true;
    }

    /// <summary>Resets the connection but leaves its descriptor open, because the stuck ring thread may still use it. Any thread.</summary>
    public void Abandon()
    {
        connection.Control.AbandonSocket();
        connection.Control.EndAbandoned();
    }
}
