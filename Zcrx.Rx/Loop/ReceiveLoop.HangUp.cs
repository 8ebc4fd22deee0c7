using System.Net.Sockets;
using Zcrx.Interop.Abi;
using Zcrx.Rx.Connections;

namespace Zcrx.Rx.Loop;

/// <content>
/// The ends of connections that have no receive armed: paused, unobserved, or waiting for buffers. Only a receive notices an end by itself, so the kernel is
/// asked to report a hang-up instead (POLL_ADD).
/// </content>
internal sealed unsafe partial class ReceiveLoop
{
    private const uint PollError = 0x8;
    private const uint PollHangUp = 0x10;
    private const uint PollPeerShutdown = 0x2000;

    // How long bytes of a peer that has gone wait for a first or another observer.
    private static readonly TimeSpan HalfClosedGrace = TimeSpan.FromSeconds(1);

    private static ulong WritableTag(ZcrxConnection connection) => new UserData(RequestKind.Writable, connection.Generation, connection.Slot).Encode();

    private static ulong HangUpTag(ZcrxConnection connection) => new UserData(RequestKind.HangUp, connection.Generation, connection.Slot).Encode();

    /// <summary>Asks the kernel to report the end of a connection that does not receive.</summary>
    private void WatchHangUp(ZcrxConnection connection)
    {
        if (connection.IsHangUpWatched || connection.ReceiveState != ReceiveState.Idle || connection.CloseRequested || connection.IsLeaving || connection.Move is not null || _isDead)
        {
            return;
        }

        // A peer that has ended its side would be reported again and again.
        PreparePoll(connection, connection.HasPeerEnded ? PollError | PollHangUp : PollError | PollHangUp | PollPeerShutdown, HangUpTag(connection));
        connection.IsHangUpWatched = true;
    }

    private void PreparePoll(ZcrxConnection connection, uint events, ulong tag)
    {
        io_uring_sqe* entry = Prepare();
        entry->opcode = LinuxIoUring.IORING_OP_POLL_ADD;
        entry->fd = (int)connection.Socket.SafeHandle.DangerousGetHandle();
        entry->poll32_events = events;
        entry->user_data = tag;
    }

    /// <summary>Cancels what the kernel watches of a connection that leaves this queue.</summary>
    private void EndPolls(ZcrxConnection connection)
    {
        if (connection.IsHangUpWatched)
        {
            connection.IsHangUpWatched = false;
            PrepareCancel(HangUpTag(connection));
        }

        if (connection.IsAwaitingRoom)
        {
            connection.IsAwaitingRoom = false;
            PrepareCancel(WritableTag(connection));
        }
    }

    private void OnHangUp(UserData data, int result)
    {
        if (_connections.Find(data.Slot, data.Generation) is not { } connection || !connection.IsHangUpWatched)
        {
            return;
        }

        connection.IsHangUpWatched = false;
        if (connection.ReceiveState != ReceiveState.Idle || result <= 0)
        {
            // The receive, or the next attempt to watch, notices the end.
            return;
        }

        // Already known: HUP comes again with every poll, and only an error is news.
        bool isNews = !connection.HasPeerEnded;
        connection.HasPeerEnded = true;
        if (((uint)result & (PollError | PollHangUp)) != 0 && TakeSocketError(connection) is var error && (error != 0 || !isNews))
        {
            EndBroken(connection, error == 0 ? Errno.ECONNRESET : error);
        }
        else if (connection.Undelivered.Count == 0 && BytesWaiting(connection) == 0)
        {
            connection.HasEnded = true;
        }

        BringInLine(connection);
    }

    /// <summary>The connection is gone. What an observer has not received by now, it will not receive.</summary>
    private static void EndBroken(ZcrxConnection connection, int error)
    {
        if (!connection.HasEnded)
        {
            connection.HasEnded = true;
            connection.EndError = new ZcrxStreamException($"Receiving on {connection}", error, connection.BytesReceived, Interop.Errors.ErrnoText.Describe(error), "");
        }

        connection.Fail(new ConnectionFailure(Interop.Errors.ErrnoText.Describe(error), new SocketException((int)SocketError.ConnectionReset)), abort: true);
    }

    /// <summary>Takes the error off the socket, as a receive would: 0 for none.</summary>
    private static int TakeSocketError(ZcrxConnection connection)
    {
        int error = 0;
        Span<byte> value = new(&error, sizeof(int));
        const int SolSocket = 1;
        const int SoError = 4;
        try
        {
            // The raw option, since the errno is wanted and not .NET's number for it.
            _ = connection.Socket.GetRawSocketOption(SolSocket, SoError, value);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return Errno.ECONNRESET;
        }

        return error;
    }

    /// <summary>Ends a connection that has had no observer for too long. Part of the look at every connection.</summary>
    /// <returns>Whether it is unobserved.</returns>
    private bool EndIfUnobserved(ZcrxConnection connection, long now)
    {
        if (connection.Stream.HasObservers || connection.HasEnded || connection.CloseRequested || connection.IsLeaving || connection.Move is not null || _draining || _stopping)
        {
            connection.UnobservedSince = null;
            return false;
        }

        if (connection.TakeHasSent() || connection.UnobservedSince is not { } since)
        {
            // A connection that is only sent on is in use.
            connection.UnobservedSince = now;
            return true;
        }

        TimeSpan timeout = _options.UnobservedTimeout;
        TimeSpan limit = connection.HasPeerEnded && timeout > HalfClosedGrace ? HalfClosedGrace : timeout;
        if (limit == Timeout.InfiniteTimeSpan || now - since < ToTicks(limit))
        {
            return true;
        }

        connection.HasEnded = true;
        connection.EndError = new ZcrxStreamException(
            $"Receiving on {connection}",
            0,
            connection.BytesReceived,
            $"it had no observer for {limit.TotalSeconds:0.###} s{(connection.HasPeerEnded ? " after the peer had ended" : "")}",
            "Subscribe to Buffers, close the connection, or raise UnobservedTimeout");
        connection.RequestClose(abort: true);
        return false;
    }
}
