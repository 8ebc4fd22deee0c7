using static Zcrx.Interop.Abi.Errno;

namespace Zcrx.Interop.Emulation;

/// <content>RECV_ZC where buffers or completions run out, in earnest or by the fault plan.</content>
internal sealed unsafe partial class EmulatedRing : IDisposable
{
    /// <summary>
    /// The pool or the completion ring ran out. With bytes left in the socket the request ends or, in profiles that
    /// strand requests, stays armed without being served. With none left it continues.
    /// </summary>
    private void EndWithoutRoom(EmulatedRequest request, int error, int delivered, bool isFirst, bool isCopy = true)
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

        if (delivered > 0 && _kernel.Options.Profile.StrandsReceives)
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

    /// <summary>Readable with nothing to read: end of stream or an error, neither of which needs a buffer.</summary>
    private void CompleteIfEnded(EmulatedRequest request)
    {
        byte unused;
        nint result = SocketCalls.Receive(request.Fd, &unused, 1, SocketCalls.MSG_PEEK | SocketCalls.MSG_DONTWAIT);
        if (result <= 0 && result is not (-EAGAIN or -EINTR))
        {
            // Not a peek any more: the error is taken off the socket, as the kernel's receive does.
            EndTurn(request, (int)result, hasCopied: false);
        }
    }

    /// <summary>Lets a request wait until more than that many bytes are there, or an end that was not there.</summary>
    private void Strand(EmulatedRequest request, int waiting, bool isAtEnd)
    {
        request.StrandedBytes = waiting;
        request.StrandedAtEnd = isAtEnd;
        // The socket stays readable; without edges every wait would end at once.
        _poller.Modify(request.Fd, ReceiveEvents | SocketCalls.EPOLLET, Tag(request));
    }

    /// <summary>A stranded request reads again only when another packet has arrived: with bytes, or with the end.</summary>
    private bool WakesStranded(EmulatedRequest request, uint events)
    {
        const uint End = SocketCalls.EPOLLRDHUP | SocketCalls.EPOLLHUP | SocketCalls.EPOLLERR;
        bool hasEnded = (events & End) != 0 && !request.StrandedAtEnd;
        if (!hasEnded && SocketCalls.BytesWaiting(request.Fd) <= request.StrandedBytes)
        {
            return false;
        }

        request.StrandedBytes = -1;
        _poller.Modify(request.Fd, ReceiveEvents, Tag(request));
        return true;
    }

    /// <summary>Does what the fault plan says; true when the turn is over with that.</summary>
    private bool Inject(EmulatedRequest request, EmulatedFaultPlan faults)
    {
        // Without bytes there is nothing that could starve, overflow or wait.
        ReceiveFault fault = SocketCalls.BytesWaiting(request.Fd) > 0 ? faults.NextReceive() : ReceiveFault.None;
        switch (fault)
        {
            case ReceiveFault.NoBuffers:
                Complete(request, -ENOMEM);
                return true;
            case ReceiveFault.CompletionsFull:
                Complete(request, -ENOSPC);
                return true;
            case ReceiveFault.Stranded:
                Strand(request, int.MaxValue, isAtEnd: true);
                return true;
            case ReceiveFault.Reset:
                SocketCalls.Disconnect(request.Fd);
                Complete(request, -ECONNRESET);
                return true;
            default:
                return fault == ReceiveFault.Delayed;
        }
    }
}
