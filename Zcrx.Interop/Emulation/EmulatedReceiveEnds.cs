using static Zcrx.Interop.Abi.Errno;
using static Zcrx.Interop.Abi.LinuxIoUringZcrx;

namespace Zcrx.Interop.Emulation;

/// <summary>
/// Ends the turns of RECV_ZC requests. A turn is one attempt to receive for a request. Imitates the kernel's results, notifications and
/// stranded requests, and injects faults.
/// </summary>
/// <param name="requests">The requests of the ring.</param>
/// <param name="poller">Watches the sockets of the requests.</param>
/// <param name="options">The profile and the fault plan.</param>
internal sealed unsafe class EmulatedReceiveEnds(EmulatedRequests requests, EmulatedPoller poller, EmulatedKernelOptions options)
{
    /// <summary>The events of a socket that a receive waits for.</summary>
    public const uint Events = SocketCalls.EPOLLIN | SocketCalls.EPOLLRDHUP;

    private bool _owesCopyNotification;

    /// <summary>Returns the number of bytes that a turn may receive, which the fault plan can reduce.</summary>
    public long TurnLimit(long count) => options.Faults is { ShortReceiveLimit: > 0 and var shortest } ? long.Min(shortest, count) : count;

    /// <summary>
    /// Ends a turn. If there is a result, also ends the request. If bytes were copied, posts the copy notification first. On a NIC, a turn
    /// without a result leaves this notification to a later call of <see cref="SettleCopies"/>.
    /// </summary>
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

    /// <summary>Posts the copy notification if bytes were copied since the last one. Called after the last bytes of the turn.</summary>
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
    /// As in the kernel, the copy notification usually precedes the end of the request. If the budget is used up during the submission, the
    /// request ends at once, before the notification. In this case, the kernel posts the notification later, from deferred work.
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
    /// Ends a turn that found no free buffer or completion slot. If bytes are left in the socket, the request ends. In profiles that strand
    /// requests, a request that has delivered bytes in this turn stays armed instead and is not served. If the socket is empty, the request
    /// ends only if the stream has ended.
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
            // A request is not stranded during its submission, because the kernel finds the socket readable and retries at once.
            if (!isFirst)
            {
                Strand(request, waiting, SocketCalls.PollNow(request.Fd, SocketCalls.EPOLLRDHUP) != 0);
            }

            return;
        }

        EndTurn(request, error, delivered > 0 && isCopy);
    }

    /// <summary>
    /// Ends a request if its stream has ended or failed. This needs no free buffer, because there are no bytes to deliver.
    /// </summary>
    public void CompleteIfEnded(EmulatedRequest request)
    {
        byte unused;
        nint result = SocketCalls.Receive(request.Fd, &unused, 1, SocketCalls.MSG_PEEK | SocketCalls.MSG_DONTWAIT);
        if (result <= 0 && result is not (-EAGAIN or -EINTR))
        {
            // The call above has also cleared the error of the socket, like the kernel's receive.
            EndTurn(request, (int)result, hasCopied: false);
        }
    }

    /// <summary>
    /// Determines whether a new packet, or the end of the stream, wakes a stranded request. If so, the request receives again.
    /// </summary>
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
    /// <returns>True when a fault has ended the turn.</returns>
    public bool Inject(EmulatedRequest request, EmulatedFaultPlan faults)
    {
        // Faults apply only to a receive that has bytes to deliver.
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

    /// <summary>
    /// Strands a request. It receives again only when more than <paramref name="waiting"/> bytes, or the end of the stream, have arrived.
    /// </summary>
    private void Strand(EmulatedRequest request, int waiting, bool isAtEnd)
    {
        request.StrandedBytes = waiting;
        request.StrandedAtEnd = isAtEnd;
        // The socket stays readable. An edge-triggered registration keeps every wait from returning at once.
        poller.Modify(request.Fd, Events | SocketCalls.EPOLLET, request.Tag);
    }
}
