using System.Net.Sockets;
using Zcrx.Interop;
using Zcrx.Interop.Errors;
using Zcrx.Rx.Connections;
using Zcrx.Rx.Receiving;
using Zcrx.Rx.Ring;
using static Zcrx.Interop.Abi.Errno;

namespace Zcrx.Rx.Listening;

/// <summary>Accepts connections on the listening sockets of a queue. Ring thread only, except <see cref="Conclude"/> and
/// <see cref="Abandon"/>.</summary>
internal sealed class Listeners(
    RingRequests requests,
    ConnectionTable connections,
    ReceiveScheduler scheduler,
    IQueuePhase phase,
    IReceiveEvents events,
    RingClock clock,
    DescriptorGate descriptors,
    ILimitReports limits) : IListeners
{
    private static readonly TimeSpan AcceptRetry = TimeSpan.FromMilliseconds(100);
    // The time until the next check of the backlogs, after a check that found a waiting client. Every other check doubles it.
    private static readonly TimeSpan ShortestCheck = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestCheck = TimeSpan.FromSeconds(1);

    private readonly UnseenSockets _unseen = new(requests);
    private readonly SlotTable<ListenerEntry> _listeners = new();
    private readonly List<ListenerEntry> _pending = [];
    private volatile bool _isAbandoned;
    // Whether the last accept failed because the process or the system is out of descriptors or memory.
    private bool _isShort;
    private TimeSpan _checkInterval = LongestCheck;
    private long _checkAt = long.MaxValue;
    // The number of connections that the kernel may accept before this thread can stop it: the backlogs of all multishot listeners.
    private int _burst;

    /// <summary>Gets the number of listeners.</summary>
    public int Count => _listeners.Count;

    /// <summary>Gets the time at which accepting is retried or the backlogs are checked; <see cref="long.MaxValue"/> for never.</summary>
    public long Due
    {
        get
        {
            long due = _listeners.Count == 0 ? long.MaxValue : _checkAt;
            foreach (ListenerEntry listener in _pending)
            {
                due = long.Min(due, listener.RetryAt);
            }

            return due;
        }
    }

    /// <summary>Accepts on a socket until the entry is removed.</summary>
    public void Add(ListenerEntry listener)
    {
        if (phase.IsEnding)
        {
            Conclude(listener, null, events);
            return;
        }

        listener.Burst = ListenBacklog.Read(listener.Socket);
        (listener.Slot, listener.Generation) = _listeners.Reserve();
        _listeners.Set(listener.Slot, listener);
        _pending.Add(listener);
        _checkAt = long.Min(_checkAt, clock.Now + clock.ToTicks(_checkInterval));
        Interlocked.MemoryBarrier();
        if (_isAbandoned)
        {
            Conclude(listener, null, events);
        }
    }

    /// <summary>Stops accepting, and closes the entry's socket.</summary>
    public void Remove(ListenerEntry listener)
    {
        if (listener.IsRemoved || _listeners.Find(listener.Slot, listener.Generation) != listener)
        {
            return;
        }

        listener.IsRemoved = true;
        if (listener.IsArmed)
        {
            requests.Cancel(AcceptTag(listener));
        }
        else
        {
            Finish(listener, null);
        }
    }

    public void RemoveAll() => Array.ForEach(_listeners.Snapshot(), Remove);

    /// <summary>Issues an accept request for each listener that has none and is due.</summary>
    public void Arm()
    {
        if (_listeners.Count > 0 && clock.TurnStart >= _checkAt)
        {
            CheckBacklogs();
        }

        if (_pending.Count == 0)
        {
            return;
        }

        long now = clock.Now;
        bool mayAccept = MayAccept();
        for (int i = _pending.Count - 1; i >= 0; i--)
        {
            ListenerEntry listener = _pending[i];
            if (listener.IsRemoved || listener.RetryAt > now)
            {
                continue;
            }

            if (!mayAccept)
            {
                listener.RetryAt = now + clock.ToTicks(AcceptRetry);
                continue;
            }

            _pending.RemoveAt(i);
            listener.IsMultishot = descriptors.Fits(_burst + listener.Burst);
            _burst += listener.IsMultishot ? listener.Burst : 0;
            listener.ArmedBurst = listener.IsMultishot ? listener.Burst : 0;
            requests.Accept((int)listener.Socket.SafeHandle.DangerousGetHandle(), listener.IsMultishot, AcceptTag(listener));
            listener.IsArmed = true;
        }
    }

    /// <summary>Handles an accepted connection or the end of accepting.</summary>
    public void OnAccept(UserData data, in Completion completion)
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
            _burst -= listener.ArmedBurst;
            listener.ArmedBurst = 0;
        }

        if (completion.Result >= 0)
        {
            descriptors.OnAccepted();
            OnShortageEnded();
            OnAccepted(listener, completion.Result);
        }

        if (listener.IsArmed)
        {
            if (listener is { IsMultishot: true, IsRemoved: false } && (!MayAccept() || !descriptors.Fits(_burst)))
            {
                // Few descriptors are free. The multishot request could use all of them before a later cancellation.
                listener.IsMultishot = false;
                requests.Cancel(AcceptTag(listener));
            }

            return;
        }

        if (listener.IsRemoved)
        {
            Finish(listener, null);
        }
        else if (completion.Result is -EBADF or -ENOTSOCK or -EINVAL or -EOPNOTSUPP)
        {
            Finish(listener, new SocketException(-completion.Result, $"Accepting failed: {ErrnoText.Describe(-completion.Result)}."));
        }
        else
        {
            // After an error, such as too few descriptors or too little memory, peers wait in the backlog until the retry. A cancelled
            // multishot request is replaced at once. While few descriptors are free, the replacement accepts a single connection.
            listener.RetryAt = completion.Result is < 0 and not -ECANCELED ? clock.Now + clock.ToTicks(AcceptRetry) : 0;
            _pending.Add(listener);
            if (completion.Result is -EMFILE or -ENFILE or -ENOMEM or -ENOBUFS)
            {
                _isShort = true;
                limits.Acted(ZcrxLimit.Descriptors, null, null, $"accepting failed, because {ErrnoText.Describe(completion.Result)} ({ErrnoText.Name(completion.Result)})");
            }
        }
    }

    /// <summary>
    /// Resets the sockets that the kernel accepted before a failure and whose completions were not handled. Their peers would otherwise
    /// wait for a reply.
    /// </summary>
    /// <param name="handled">The number of completions that were handled.</param>
    public void CloseUnseenSockets(uint handled) => _unseen.Close(handled);

    /// <summary>Ends all listeners, because the queue ends.</summary>
    public void FinishAll(Func<Exception?> error) => Array.ForEach(_listeners.Snapshot(), listener => Finish(listener, error()));

    /// <summary>Ends all listeners of a stuck ring thread and those that it adds later. Any thread. Does not change the table.</summary>
    /// <param name="turn">The progress of the ring thread.</param>
    /// <param name="notify">Runs a call of an observer. The call may block on a resource that the stuck callback holds.</param>
    public void Abandon(ReceiveTurn turn, Action<Action> notify)
    {
        lock (turn.Gate)
        {
            turn.Abandon();
            if (!turn.IsCorrupt)
            {
                _unseen.Disconnect(turn.Handled);
            }
        }

        _isAbandoned = true;
        // Pairs with the fence in Add: either this thread sees the listener, or the ring thread sees _isAbandoned.
        Interlocked.MemoryBarrier();
        foreach (ListenerEntry listener in _listeners.Snapshot())
        {
            if (TryClose(listener))
            {
                notify(() => Notify(listener, null, events));
            }
        }
    }

    /// <summary>
    /// Closes the socket of an entry and ends its observer. Only the first call has an effect. Any thread may call it if no running ring
    /// thread owns the entry.
    /// </summary>
    public static void Conclude(ListenerEntry listener, Exception? error, IReceiveEvents events)
    {
        if (TryClose(listener))
        {
            Notify(listener, error, events);
        }
    }

    private static bool TryClose(ListenerEntry listener)
    {
        bool isFirst = listener.TryConclude();
        if (isFirst)
        {
            listener.Socket.Dispose();
        }

        return isFirst;
    }

    private static void Notify(ListenerEntry listener, Exception? error, IReceiveEvents events)
    {
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
#pragma warning disable CA1031 // An exception of an observer must not end the ring.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            events.Faulted(null, exception);
        }
    }

    private void OnAccepted(ListenerEntry listener, int fd)
    {
        SafeSocketHandle handle = new(fd, ownsHandle: true);
        // A queue that ends refuses the connection, unless it suspends its connections. A removed listener still delivers the connection,
        // because the peer is already connected.
        if (!phase.Suspends && phase.IsEnding)
        {
            if (phase.IsSalvaging)
            {
                // The queue has failed. The reset shows the peer that this is not an orderly end.
                UnseenSockets.Reset(handle);
            }

            handle.Dispose();
            return;
        }

        ConnectionSocket socket;
        try
        {
            socket = new ConnectionSocket(new Socket(handle));
        }
        catch (SocketException)
        {
            // The peer had already disconnected.
            handle.Dispose();
            return;
        }

        if (!IsAdmitted(listener.Gate, socket))
        {
            socket.Close(abort: true);
            return;
        }

        ConnectionReceiver connection = connections.Add(socket);
        connection.Gate = listener.Gate;
        listener.Gate?.LeaveWhen(connection.Control.Closed, socket.RemoteEndPoint?.Address);
        try
        {
            listener.Observer.OnNext(connection);
        }
#pragma warning disable CA1031 // An exception of a handler ends its connection, not the listener.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            events.Faulted(connection, exception);
            connection.Control.FailConsumer(exception);
        }

        // Called even if nothing has subscribed, because the end of the connection must be noticed without an observer, too.
        scheduler.Reconcile(connection);
    }

    /// <summary>Replaces the armed accept request of each listener that has waiting clients in its backlog.</summary>
    /// <remarks>
    /// If several rings accept on a socket, a real kernel wakes only one of them, always the same one. If the thread of that ring is stuck,
    /// the ring gets the wake-ups but accepts no client. The stuck thread may belong to another process with the same socket. A new request
    /// accepts the waiting clients.
    /// </remarks>
    private void CheckBacklogs()
    {
        bool isAnyWaiting = false;
        foreach (ListenerEntry listener in _listeners.Snapshot())
        {
            if (listener is { IsArmed: true, IsRemoved: false } && listener.Socket.Poll(TimeSpan.Zero, SelectMode.SelectRead))
            {
                isAnyWaiting = true;
                requests.Cancel(AcceptTag(listener));
            }
        }

        _checkInterval = isAnyWaiting ? ShortestCheck : TimeSpan.FromTicks(long.Min(_checkInterval.Ticks * 2, LongestCheck.Ticks));
        _checkAt = clock.TurnStart + clock.ToTicks(_checkInterval);
    }

    private bool IsAdmitted(ListenerGate? gate, ConnectionSocket socket)
    {
        if (gate?.Enter(socket.RemoteEndPoint?.Address) is not { } limit)
        {
            return true;
        }

        limits.Acted(limit, gate.Name, socket.RemoteEndPoint, limit == ZcrxLimit.MaxConnections ? $"{gate.MaxConnections} connections are open" : "the peer's address has reached its limit of connections");
        return false;
    }

    /// <summary>Determines whether enough file descriptors are free to accept a connection. Reports when the answer changes.</summary>
    private bool MayAccept()
    {
        (bool may, bool hasChanged) = descriptors.Check();
        if (hasChanged && !may)
        {
            limits.Acted(ZcrxLimit.Descriptors, null, null, descriptors.Reason);
        }
        else if (hasChanged && !_isShort)
        {
            limits.Ended(ZcrxLimit.Descriptors, descriptors.Reason);
        }

        return may;
    }

    private void OnShortageEnded()
    {
        bool wasShort = _isShort;
        _isShort = false;
        if (wasShort && !descriptors.IsHolding)
        {
            limits.Ended(ZcrxLimit.Descriptors, descriptors.Reason);
        }
    }

    private void Finish(ListenerEntry listener, Exception? error)
    {
        _listeners.Free(listener.Slot);
        _pending.Remove(listener);
        Conclude(listener, error, events);
    }

    private static ulong AcceptTag(ListenerEntry listener) => new UserData(RequestKind.Accept, listener.Generation, listener.Slot).Encode();
}
