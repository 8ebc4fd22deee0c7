using static Zcrx.Interop.Abi.Errno;
using static Zcrx.Interop.Abi.LinuxIoUringZcrx;

namespace Zcrx.Interop.Emulation;

/// <summary>Ends the turns of RECV_ZC requests: with the results, notifications and stranded requests of the kernel, or by the fault plan.</summary>
/// <param name="requests">The requests of the ring.</param>
/// <param name="poller">Watches their sockets.</param>
/// <param name="options">The profile and the fault plan.</param>
internal sealed unsafe class EmulatedReceiveEnds(EmulatedRequests requests, EmulatedPoller poller, EmulatedKernelOptions options)
{
    /// <summary>The events of a socket that a receive waits for.</summary>
    public const uint Events = SocketCalls.EPOLLIN | SocketCalls.EPOLLRDHUP;

    private bool _owesCopyNotification;

    /// <summary>Returns how many bytes a turn may receive.</summary>
    public long TurnLimit(long count) => options.Faults is { ShortReceiveLimit: > 0 and var shortest } ? long.Min(shortest, count) : count;

    /// <summary>Ends a turn: posts the notification and, if there is a result, the end of the request.</summary>
    public void EndTurn(EmulatedRequest request, int? result, bool hasCopied)
    {
        EmulatedInterfaceQueue queue = request.Queue!;
        _owesCopyNotification |= hasCopied;
        if (result is { } end)
        {
            SettleCopies(queue);
            requests.Complete(request, end);
        }
        else if (queue.Nic is null)
        {
            SettleCopies(queue);
        }
    }

    /// <summary>Reports the copies of a turn. On a NIC, one turn may receive from several areas. The report follows after the last of them.</summary>
    public void SettleCopies(EmulatedInterfaceQueue queue)
    {
        if (_owesCopyNotification)
        {
            _owesCopyNotification = false;
            queue.Notify(ZCRX_EVENT_COPY);
        }
    }

    /// <summary>Ends a request whose budget is used up.</summary>
    /// <remarks>
    /// The kernel reports notifications in the ring's deferred work, which also runs all ends but this one: a budget used up in the submission
    /// itself ends the request there and then, and the notification comes after.
    /// </remarks>
    public void EndWithBudget(EmulatedRequest request, EmulatedInterfaceQueue queue, bool isFirst, bool hasCopied)
    {
        if (!isFirst)
        {
            EndTurn(request, 0, hasCopied);
            return;
        }

        requests.Complete(request, 0);
        _owesCopyNotification |= hasCopied;
        SettleCopies(queue);
    }

    /// <summary>
    /// Ends a turn because the pool or the completion ring is exhausted. With bytes left in the socket, the request ends or, in profiles that strand
    /// requests, stays armed without being served. With none left, it continues.
    /// </summary>
    public void EndWithoutRoom(EmulatedRequest request, int error, int delivered, bool isFirst, bool isCopy = true)
    {
        int waiting = SocketCalls.BytesWaiting(request.Fd);
        if (waiting == 0)
        {
            if (delivered > 0)
            {
                EndTurn(request, null, isCopy);
                return;
            }

            CompleteIfEnded(request);
            return;
        }

        if (delivered > 0 && options.Profile.StrandsReceives)
        {
            // At the submission's own attempt the socket is found readable again at once; only then does it matter that nothing is free.
            if (!isFirst)
            {
                Strand(request, waiting, SocketCalls.PollNow(request.Fd, SocketCalls.EPOLLRDHUP) != 0);
            }

            return;
        }

        EndTurn(request, error, delivered > 0 && isCopy);
    }

    /// <summary>Ends a request whose socket is readable with nothing to read: the end of the stream or an error, neither of which needs a buffer.</summary>
    public void CompleteIfEnded(EmulatedRequest request)
    {
        byte unused;
        nint result = SocketCalls.Receive(request.Fd, &unused, 1, SocketCalls.MSG_PEEK | SocketCalls.MSG_DONTWAIT);
        if (result <= 0 && result is not (-EAGAIN or -EINTR))
        {
            // A read and not a peek: it takes the error off the socket, like the kernel's receive.
            EndTurn(request, (int)result, hasCopied: false);
        }
    }

    /// <summary>Returns whether a stranded request reads again: only when another packet has arrived, with bytes or with the end.</summary>
    public bool WakesStranded(EmulatedRequest request, uint events)
    {
        const uint End = SocketCalls.EPOLLRDHUP | SocketCalls.EPOLLHUP | SocketCalls.EPOLLERR;
        bool hasEnded = (events & End) != 0 && !request.StrandedAtEnd;
        if (!hasEnded && SocketCalls.BytesWaiting(request.Fd) <= request.StrandedBytes)
        {
            return false;
        }

        request.StrandedBytes = -1;
        poller.Modify(request.Fd, Events, request.Tag);
        return true;
    }

    /// <summary>Applies the fault plan to a turn.</summary>
    /// <returns>True when that ends the turn.</returns>
    public bool Inject(EmulatedRequest request, EmulatedFaultPlan faults)
    {
        // Without bytes, nothing can starve, overflow or wait.
        ReceiveFault fault = SocketCalls.BytesWaiting(request.Fd) > 0 ? faults.NextReceive() : ReceiveFault.None;
        switch (fault)
        {
            case ReceiveFault.NoBuffers:
                requests.Complete(request, -ENOMEM);
                return true;
            case ReceiveFault.CompletionsFull:
                requests.Complete(request, -ENOSPC);
                return true;
            case ReceiveFault.Stranded:
                Strand(request, int.MaxValue, isAtEnd: true);
                return true;
            case ReceiveFault.Reset:
                SocketCalls.Disconnect(request.Fd);
                requests.Complete(request, -ECONNRESET);
                return true;
            default:
                return fault == ReceiveFault.Delayed;
        }
    }

    /// <summary>Lets a request wait until more than that many bytes, or a new end, have arrived.</summary>
    private void Strand(EmulatedRequest request, int waiting, bool isAtEnd)
    {
        request.StrandedBytes = waiting;
        request.StrandedAtEnd = isAtEnd;
        // The socket stays readable. Without edge triggering, every wait would end at once.
        poller.Modify(request.Fd, Events | SocketCalls.EPOLLET, request.Tag);
    }
}
