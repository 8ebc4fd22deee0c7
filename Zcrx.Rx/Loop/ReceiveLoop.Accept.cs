using System.Net.Sockets;
using Zcrx.Interop;
using Zcrx.Interop.Abi;
using Zcrx.Rx.Connections;
using static Zcrx.Interop.Abi.Errno;

namespace Zcrx.Rx.Loop;

/// <content>Listeners, and connections that come in.</content>
internal sealed unsafe partial class ReceiveLoop
{
    // accept4's flags: never inherited by child processes, never blocking.
    private const uint AcceptFlags = 0x80000 | 0x800;

    private static readonly TimeSpan AcceptRetry = TimeSpan.FromMilliseconds(100);
    private static long _lastConnectionId;

    private readonly SlotTable<ListenerEntry> _listeners = new();
    private readonly List<ListenerEntry> _pendingListeners = [];

    /// <summary>Accepts on a socket until the entry is removed. Any thread.</summary>
    public void AddListener(ListenerEntry listener) => Post(
        () =>
        {
            if (_stopping || _draining)
            {
                Conclude(listener, null);
                return;
            }

            (listener.Slot, listener.Generation) = _listeners.Reserve();
            _listeners.Set(listener.Slot, listener);
            _pendingListeners.Add(listener);
        },
        () => Conclude(listener, null));

    /// <summary>Stops accepting and closes the entry's socket. Any thread.</summary>
    public void RemoveListener(ListenerEntry listener) => Post(() => Remove(listener));

    /// <summary>Takes over a connected socket. Any thread.</summary>
    public Task<ZcrxConnection> AttachAsync(Socket socket)
    {
        TaskCompletionSource<ZcrxConnection> attached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(
            () =>
            {
                if (_stopping || _draining)
                {
                    attached.TrySetException(new ObjectDisposedException(nameof(ZcrxQueue), "The queue is being closed."));
                    return;
                }

                try
                {
                    Socket own = SocketOwnership.Duplicate(socket);
                    ZcrxConnection connection = Add(own);
                    // The application's descriptor is closed, so that nothing else is done with the socket.
                    socket.Dispose();
                    BringInLine(connection);
                    attached.TrySetResult(connection);
                }
                catch (Exception exception) when (exception is SocketException or ObjectDisposedException or ZcrxException)
                {
                    // Closed already, or no descriptor is left: an error of this call alone.
                    attached.TrySetException(exception);
                }
            },
            () => attached.TrySetException(new ObjectDisposedException(nameof(ZcrxQueue), "The queue has been closed.")));
        return attached.Task;
    }

    private void ArmListeners()
    {
        if (_pendingListeners.Count == 0)
        {
            return;
        }

        long now = _time.GetTimestamp();
        for (int i = _pendingListeners.Count - 1; i >= 0; i--)
        {
            ListenerEntry listener = _pendingListeners[i];
            if (listener.IsRemoved || listener.RetryAt > now)
            {
                continue;
            }

            _pendingListeners.RemoveAt(i);
            io_uring_sqe* entry = Prepare();
            entry->opcode = LinuxIoUring.IORING_OP_ACCEPT;
            entry->fd = (int)listener.Socket.SafeHandle.DangerousGetHandle();
            entry->ioprio = LinuxIoUring.IORING_ACCEPT_MULTISHOT;
            entry->accept_flags = AcceptFlags;
            entry->user_data = AcceptTag(listener);
            listener.IsArmed = true;
        }
    }

    private void OnAccept(UserData data, in Completion completion)
    {
        if (_listeners.Find(data.Slot, data.Generation) is not { } listener)
        {
            if (completion.Result >= 0)
            {
                using SafeSocketHandle orphan = new(completion.Result, ownsHandle: true);
            }

            return;
        }

        if (!completion.HasMore)
        {
            listener.IsArmed = false;
        }

        if (completion.Result >= 0)
        {
            OnAccepted(listener, completion.Result);
        }

        if (listener.IsArmed)
        {
            return;
        }

        if (listener.IsRemoved)
        {
            Finish(listener, null);
        }
        else if (completion.Result is -EBADF or -ENOTSOCK or -EINVAL or -EOPNOTSUPP)
        {
            Finish(listener, new SocketException(-completion.Result, $"Accepting failed: {Interop.Errors.ErrnoText.Describe(-completion.Result)}."));
        }
        else
        {
            // Out of descriptors or memory: the peers wait in the backlog until there is room again.
            listener.RetryAt = completion.Result < 0 ? _time.GetTimestamp() + ToTicks(AcceptRetry) : 0;
            _pendingListeners.Add(listener);
        }
    }

    /// <summary>After a crash: sockets that the kernel has accepted for us, and that nobody knows of yet. Their peers are reset rather than left waiting.</summary>
    private void CloseUnseenSockets()
    {
        CompletionQueue completions = _ring.Completion;
        for (uint i = _workedOff; i < completions.Ready; i++)
        {
            ref readonly Completion completion = ref completions.Peek(i);
            if (UserData.Decode(completion.UserData).Kind == RequestKind.Accept && completion.Result >= 0)
            {
                Reset(new SafeSocketHandle(completion.Result, ownsHandle: true));
            }
        }
    }

    private static void Reset(SafeSocketHandle handle)
    {
        try
        {
            using Socket socket = new(handle) { LingerState = new LingerOption(true, 0) };
        }
        catch (SocketException)
        {
            // The peer was gone before we looked.
            handle.Dispose();
        }
    }

    private void OnAccepted(ListenerEntry listener, int fd)
    {
        SafeSocketHandle handle = new(fd, ownsHandle: true);
        // A listener that is removed still hands over what it had accepted: the peer believes that it is being served.
        if (!_keeps && (_draining || _stopping))
        {
            if (_isSalvaging)
            {
                // Nobody will serve it, and that is no orderly end.
                Reset(handle);
            }

            handle.Dispose();
            return;
        }

        ZcrxConnection connection;
        try
        {
            connection = Add(new Socket(handle));
        }
        catch (SocketException)
        {
            // The peer was gone before we looked.
            handle.Dispose();
            return;
        }

        try
        {
            listener.Observer.OnNext(connection);
        }
#pragma warning disable CA1031 // A handler that throws loses its connection, not the listener.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _events.ObserverFaulted(connection, exception);
            connection.FailConsumer(exception);
        }

        // Also where nobody has subscribed: the end is to be noticed all the same.
        BringInLine(connection);
    }

    private ZcrxConnection Add(Socket socket)
    {
        // First, since it throws when the socket is closed.
        socket.Blocking = false;
        (int slot, uint generation) = _connections.Reserve();
        ZcrxConnection connection = new(this, socket, Interlocked.Increment(ref _lastConnectionId), slot, generation) { IsLeaving = _keeps };
        _connections.Set(slot, connection);
        Counters.ConnectionsOpened++;
        Counters.Connections = _connections.Count;
        return connection;
    }

    private void Remove(ListenerEntry listener)
    {
        if (listener.IsRemoved || _listeners.Find(listener.Slot, listener.Generation) != listener)
        {
            return;
        }

        listener.IsRemoved = true;
        if (listener.IsArmed)
        {
            PrepareCancel(AcceptTag(listener));
        }
        else
        {
            Finish(listener, null);
        }
    }

    private void Finish(ListenerEntry listener, Exception? error)
    {
        _listeners.Free(listener.Slot);
        _pendingListeners.Remove(listener);
        Conclude(listener, error);
    }

    /// <summary>Closes the entry's socket and tells the observer. Any thread, for a listener that is in no table.</summary>
    private void Conclude(ListenerEntry listener, Exception? error)
    {
        listener.Socket.Dispose();
        try
        {
            if (error is null)
            {
                listener.Observer.OnCompleted();
            }
            else
            {
                listener.Observer.OnError(error);
            }
        }
#pragma warning disable CA1031 // As above.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _events.ObserverFaulted(null, exception);
        }
    }

    private static ulong AcceptTag(ListenerEntry listener) => new UserData(RequestKind.Accept, listener.Generation, listener.Slot).Encode();
}
