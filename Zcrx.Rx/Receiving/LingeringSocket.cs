using Zcrx.Rx.Connections;

namespace Zcrx.Rx.Receiving;

/// <summary>Represents a socket that waits for the peer's close. Ring thread only, except <see cref="Abandon"/>.</summary>
/// <remarks>
/// The end of sending (FIN) tells the peer that all bytes that it had sent before were handled. A FIN is sent only if no byte is left
/// unread at that time, and no frame is unfinished. Otherwise the connection is reset as soon as the peer has acknowledged the replies:
/// the peer's kernel then has the replies, and keeps them readable. Bytes that cross the FIN on the network are discarded. They cause a
/// reset at the end of the wait, unless the peer has ended its side, too: a reset could then drop replies.
/// </remarks>
internal sealed class LingeringSocket(ConnectionReceiver connection, long until)
{
    private bool _isShutDown;
    private bool _hasEnded;

    /// <summary>Gets the number of bytes that were discarded.</summary>
    public long Discarded { get; private set; }

    /// <summary>Gets a value indicating whether the socket is closed.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>Gets a value indicating whether bytes were discarded or dropped.</summary>
    private bool HasUnhandled => Discarded > 0 || connection.HasUnhandledBytes;

    /// <summary>
    /// Gets a value indicating whether the connection must be reset, because the peer would otherwise assume that unhandled bytes were
    /// handled.
    /// </summary>
    private bool IsToBeReset => HasUnhandled && !(_isShutDown && _hasEnded);

    /// <summary>Discards the bytes that have arrived, and closes the socket if nothing is left to wait for.</summary>
    /// <returns>Whether the socket is closed.</returns>
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

    /// <summary>Closes the socket.</summary>
    public void Close()
    {
        connection.Control.CloseSocket(IsToBeReset);
        IsClosed = true;
    }

    /// <summary>Resets the connection, and leaves the descriptor open: the ring thread, which is stuck, may use it. Any thread.</summary>
    public void Abandon()
    {
        connection.Control.AbandonSocket();
        connection.Control.EndAbandoned();
    }
}
