using System.Net.Sockets;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Errors;
using Zcrx.Rx.Connections;
using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Receiving;

/// <summary>
/// Polls the sockets of connections for room to send. While a connection has no receive, also polls for its end. Ring thread only.
/// </summary>
/// <remarks>
/// A receive would report the end of the connection. A connection that is paused, unobserved or without buffers has no receive, so a poll
/// request (POLL_ADD) reports the end instead.
/// </remarks>
internal sealed class HangUpWatch(IReceiveRequests requests)
{
    private const uint PollOut = 4;
    private const uint PollError = 0x8;
    private const uint PollHangUp = 0x10;
    private const uint PollPeerShutdown = 0x2000;

    /// <summary>Begins to poll for the end of a connection that has no receive.</summary>
    public void Watch(ConnectionReceiver connection)
    {
        if (connection.IsHangUpWatched || connection.State != ReceiveState.Idle || connection.Control.CloseRequested || connection.IsLeaving || requests.IsDead
            || (connection.HasPeerEnded && connection.Control.Sender.IsShutDown))
        {
            // After both sides have ended, every poll would report a hang-up at once, although unread bytes may still wait.
            return;
        }

        // After the peer has ended its side, every poll for PollPeerShutdown would complete at once, so it is omitted.
        uint events = connection.HasPeerEnded ? PollError | PollHangUp : PollError | PollHangUp | PollPeerShutdown;
        requests.Poll(connection.Socket.Descriptor, events, connection.Tag(RequestKind.HangUp));
        connection.IsHangUpWatched = true;
    }

    /// <summary>Begins to poll for room in the socket's send buffer.</summary>
    public void AwaitRoom(ConnectionReceiver connection)
    {
        // A poll that is still pending from an earlier sender also serves this one.
        if (!connection.IsAwaitingRoom)
        {
            requests.Poll(connection.Socket.Descriptor, PollOut, connection.Tag(RequestKind.Writable));
            connection.IsAwaitingRoom = true;
        }
    }

    /// <summary>Handles the completion of a poll for room.</summary>
    public static void OnWritable(ConnectionReceiver connection, int result)
    {
        connection.IsAwaitingRoom = false;
        connection.Control.Sender.OnWritable(result);
    }

    /// <summary>
    /// Cancels the polls of a connection that leaves the queue. The polls have ended when this method returns, so that the socket may be
    /// closed and its descriptor reused.
    /// </summary>
    public void End(ConnectionReceiver connection)
    {
        bool isPolled = connection.IsHangUpWatched || connection.IsAwaitingRoom;
        if (connection.IsHangUpWatched)
        {
            connection.IsHangUpWatched = false;
            requests.Cancel(connection.Tag(RequestKind.HangUp));
        }

        if (connection.IsAwaitingRoom)
        {
            connection.IsAwaitingRoom = false;
            requests.Cancel(connection.Tag(RequestKind.Writable));
        }

        if (isPolled)
        {
            requests.Submit();
        }
    }

    /// <summary>Handles the completion of a poll for the end of the connection.</summary>
    /// <returns>True if the state of the connection has changed.</returns>
    public static bool OnHangUp(ConnectionReceiver connection, int result)
    {
        if (!connection.IsHangUpWatched)
        {
            return false;
        }

        connection.IsHangUpWatched = false;
        if (connection.State != ReceiveState.Idle || result <= 0)
        {
            // If a receive was issued in the meantime, it detects the end. Otherwise the next poll does.
            return false;
        }

        // A hang-up is a failure if the socket has an error. It is also a failure if the peer had ended its side earlier and this side has
        // not ended sending. A hang-up after both sides have ended is orderly.
        bool isNews = !connection.HasPeerEnded;
        connection.HasPeerEnded = true;
        if (((uint)result & (PollError | PollHangUp)) != 0 && connection.Socket.TakeError() is var error && (error != 0 || (!isNews && !connection.Control.Sender.IsShutDown)))
        {
            EndBroken(connection, error == 0 ? Errno.ECONNRESET : error);
        }
        else if (connection.Undelivered.Count == 0 && connection.Socket.BytesWaiting == 0 && !connection.AwaitsFirstObserver)
        {
            // An attached connection must not end before its first observer subscribes. Its peer may be a server that has shut down sending
            // but still reads the request.
            connection.End(connection.LostEnd());
        }

        return true;
    }

    /// <summary>Closes a connection whose socket has an error. Bytes that still wait are not delivered.</summary>
    private static void EndBroken(ConnectionReceiver connection, int error)
    {
        if (!connection.HasEnded)
        {
            connection.End(new ZcrxStreamException($"Receiving on {connection}", error, connection.BytesReceived, ErrnoText.Describe(error), ""));
        }

        connection.Control.Fail(new ConnectionFailure(ErrnoText.Describe(error), new SocketException((int)SocketError.ConnectionReset)), abort: true);
    }
}
