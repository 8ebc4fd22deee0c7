using System.Net.Sockets;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Errors;
using Zcrx.Rx.Connections;
using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Receiving;

/// <summary>
/// Polls the sockets of connections for room to send and, while no receive is armed, for the end of the connection. Ring thread only.
/// </summary>
/// <remarks>
/// A paused, unobserved or starved connection has no receive, which would detect the end. A poll request (POLL_ADD) makes the kernel report
/// a hang-up instead.
/// </remarks>
internal sealed class HangUpWatch(IReceiveRequests requests)
{
    private const uint PollOut = 4;
    private const uint PollError = 0x8;
    private const uint PollHangUp = 0x10;
    private const uint PollPeerShutdown = 0x2000;

    /// <summary>Polls for the end of a connection that does not receive.</summary>
    public void Watch(ConnectionReceiver connection)
    {
        if (connection.IsHangUpWatched || connection.State != ReceiveState.Idle || connection.Control.CloseRequested || connection.IsLeaving || requests.IsDead
            || (connection.HasPeerEnded && connection.Control.Sender.IsShutDown))
        {
            // Once both sides have ended, every poll would report a hang-up at once, although bytes may still wait.
            return;
        }

        // Once the peer has ended its side, PollPeerShutdown is omitted, because every poll would report it at once.
        uint events = connection.HasPeerEnded ? PollError | PollHangUp : PollError | PollHangUp | PollPeerShutdown;
        requests.Poll(connection.Socket.Descriptor, events, connection.Tag(RequestKind.HangUp));
        connection.IsHangUpWatched = true;
    }

    /// <summary>Polls for room in the socket.</summary>
    public void AwaitRoom(ConnectionReceiver connection)
    {
        // If the poll of an earlier sender is pending, it serves this sender as well.
        if (!connection.IsAwaitingRoom)
        {
            requests.Poll(connection.Socket.Descriptor, PollOut, connection.Tag(RequestKind.Writable));
            connection.IsAwaitingRoom = true;
        }
    }

    /// <summary>Handles the report that the socket has room.</summary>
    public static void OnWritable(ConnectionReceiver connection, int result)
    {
        connection.IsAwaitingRoom = false;
        connection.Control.Sender.OnWritable(result);
    }

    /// <summary>
    /// Cancels the polls of a connection that leaves the queue. The polls have ended when this method returns, because the socket may be
    /// closed next, and its number reused.
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

    /// <summary>Handles the report of a hang-up.</summary>
    /// <returns>Whether the connection has changed.</returns>
    public static bool OnHangUp(ConnectionReceiver connection, int result)
    {
        if (!connection.IsHangUpWatched)
        {
            return false;
        }

        connection.IsHangUpWatched = false;
        if (connection.State != ReceiveState.Idle || result <= 0)
        {
            // The receive, or the next poll, detects the end.
            return false;
        }

        // A hang-up is a failure in two cases: the socket has an error, or the peer had ended its side before and this side has not
        // ended sending. After both sides have ended, a hang-up is orderly.
        bool isNews = !connection.HasPeerEnded;
        connection.HasPeerEnded = true;
        if (((uint)result & (PollError | PollHangUp)) != 0 && connection.Socket.TakeError() is var error && (error != 0 || (!isNews && !connection.Control.Sender.IsShutDown)))
        {
            EndBroken(connection, error == 0 ? Errno.ECONNRESET : error);
        }
        else if (connection.Undelivered.Count == 0 && connection.Socket.BytesWaiting == 0 && !connection.AwaitsFirstObserver)
        {
            // The stream of an attached connection does not end before the first observer subscribes. The peer may be a server that has
            // shut down sending but still reads the request.
            connection.End(connection.LostEnd());
        }

        return true;
    }

    /// <summary>Ends a connection that has failed. Observers receive nothing more.</summary>
    private static void EndBroken(ConnectionReceiver connection, int error)
    {
        if (!connection.HasEnded)
        {
            connection.End(new ZcrxStreamException($"Receiving on {connection}", error, connection.BytesReceived, ErrnoText.Describe(error), ""));
        }

        connection.Control.Fail(new ConnectionFailure(ErrnoText.Describe(error), new SocketException((int)SocketError.ConnectionReset)), abort: true);
    }
}
