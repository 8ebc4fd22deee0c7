using System.Runtime.CompilerServices;
using Zcrx.Interop.Abi;
using static Zcrx.Interop.Abi.Errno;
using static Zcrx.Interop.Abi.LinuxIoUring;
using static Zcrx.Interop.Abi.LinuxIoUringZcrx;

namespace Zcrx.Interop.Emulation;

/// <content>RECV_ZC: bytes go from the socket straight into area buffers, as a rule with one scattering read per turn.</content>
internal sealed unsafe partial class EmulatedRing : IDisposable
{
    private const ushort PollFirst = 1;
    private const int MaxBuffersPerTurn = 1024;
    private const uint ReceiveEvents = SocketCalls.EPOLLIN | SocketCalls.EPOLLRDHUP;

    // The kernel counts copied fragments; a TCP fragment on loopback holds at most one 32 KiB page chunk.
    private const uint FragmentLength = 32 * 1024;

    private readonly VectorTable _vectors = new(MaxBuffersPerTurn);

    private int IssueReceive(in io_uring_sqe entry)
    {
        if (!_queues.TryGetValue(entry.zcrx_ifq_idx, out EmulatedInterfaceQueue? queue) ||
            entry.off != 0 || entry.addr != 0 || entry.addr3 != 0 || entry.msg_flags != 0 ||
            (entry.ioprio & ~(IORING_RECV_MULTISHOT | PollFirst)) != 0 || (entry.ioprio & IORING_RECV_MULTISHOT) == 0)
        {
            return -EINVAL;
        }

        int type = SocketCalls.Option(entry.fd, SocketCalls.SO_TYPE);
        if (type < 0)
        {
            return type;
        }

        if (SocketCalls.Option(entry.fd, SocketCalls.SO_PROTOCOL) != SocketCalls.IPPROTO_TCP)
        {
            return -EPROTONOSUPPORT;
        }

        int result = Await(entry, ReceiveEvents, true, out EmulatedRequest? request);
        if (request is not null)
        {
            request.Queue = queue;
            request.Budget = entry.len;
            request.HasBudget = entry.len != 0;
            request.StrandedBytes = -1;
            request.Forget();
            if ((entry.ioprio & PollFirst) == 0)
            {
                RunReceive(request, 0, isFirst: true);
            }
        }

        return result;
    }

    /// <param name="request">The request.</param>
    /// <param name="events">What epoll said about its socket.</param>
    /// <param name="isFirst">Whether this is the attempt of the submission itself, before the request waits for anything.</param>
    private void RunReceive(EmulatedRequest request, uint events, bool isFirst)
    {
        EmulatedInterfaceQueue queue = request.Queue!;
        if (request.IsParked || (request.StrandedBytes >= 0 && !WakesStranded(request, events)))
        {
            return;
        }

        if (_kernel.Options.Faults is { } faults && Inject(request, faults))
        {
            return;
        }

        lock (queue.Gate)
        {
            if (queue.Nic is { } nic)
            {
                ReceiveFromNic(request, queue, nic, isFirst);
            }
            else
            {
                Receive(request, queue, isFirst);
            }
        }
    }

    /// <summary>Reads until the socket is empty, the turn is over, or there is no room left.</summary>
    private void Receive(EmulatedRequest request, EmulatedInterfaceQueue queue, bool isFirst)
    {
        int limit = int.Min(_kernel.Options.BuffersPerTurn, MaxBuffersPerTurn);
        long bytes = _kernel.Options.Faults is { ShortReceiveLimit: > 0 and var shortest } ? shortest : long.MaxValue;
        int delivered = 0;
        while (true)
        {
            int wanted = int.Min(request.BuffersPerRead, limit - delivered);
            long most = request.HasBudget ? long.Min(bytes, request.Budget) : bytes;
            int vectors = Prepare(queue, (int)uint.Min(DataSpace, (uint)wanted), most, out int buffers, out nint offered);
            if (vectors == 0)
            {
                // Where neither is left: the kernel takes the buffer first.
                EndWithoutRoom(request, queue.HasFreeBuffer ? -ENOSPC : -ENOMEM, delivered, isFirst);
                return;
            }

            SocketCalls.MessageHeader message = new() { Vectors = _vectors.First, VectorCount = (nuint)vectors };
            nint received = SocketCalls.ReceiveMessage(request.Fd, &message, SocketCalls.MSG_DONTWAIT);
            if (received <= 0)
            {
                EndTurn(request, received is -EAGAIN or -EINTR ? null : (int)received, delivered > 0);
                return;
            }

            int used = Deliver(request, queue, (int)received);
            delivered += used;
            queue.CountCopies(((uint)received + FragmentLength - 1) / FragmentLength, (ulong)received);
            queue.Nic?.Count(request.RxQueue, new EmulatedRxQueueCounters { CopiedBytes = received });
            if (request.HasBudget && (request.Budget -= (uint)received) == 0)
            {
                EndWithBudget(request, queue, isFirst);
                return;
            }

            if (used == buffers && (DataSpace == 0 || !queue.HasFreeBuffer))
            {
                // All there was has been filled: whether the request ends depends on what is left in the socket.
                EndWithoutRoom(request, queue.HasFreeBuffer ? -ENOSPC : -ENOMEM, delivered, isFirst);
                return;
            }

            request.Learn(used, limit);
            bytes -= received;
            if (received < offered || delivered == limit || bytes == 0)
            {
                EndTurn(request, null, hasCopied: true);
                return;
            }
        }
    }

    /// <summary>Posts what a turn leads to besides data: the notification and, if there is a result, the end of the request.</summary>
    private void EndTurn(EmulatedRequest request, int? result, bool hasCopied)
    {
        if (hasCopied)
        {
            request.Queue!.Notify(ZCRX_EVENT_COPY);
        }

        if (result is { } end)
        {
            Complete(request, end);
        }
    }

    /// <summary>
    /// The budget is used up. The kernel reports notifications in the ring's deferred work, which also runs all ends but this one: a budget used up
    /// in the submission itself ends the request there and then, and the notification comes after.
    /// </summary>
    private void EndWithBudget(EmulatedRequest request, EmulatedInterfaceQueue queue, bool isFirst)
    {
        if (!isFirst)
        {
            EndTurn(request, 0, hasCopied: true);
            return;
        }

        Complete(request, 0);
        queue.Notify(ZCRX_EVENT_COPY);
    }

    /// <summary>Lays out the free buffers as the vectors of one read, in the order in which they would be handed out.</summary>
    /// <param name="queue">Whose buffers.</param>
    /// <param name="limit">How many buffers at most.</param>
    /// <param name="most">How many bytes at most.</param>
    /// <param name="buffers">How many buffers the vectors cover.</param>
    /// <param name="offered">How many bytes.</param>
    /// <returns>The number of vectors.</returns>
    private int Prepare(EmulatedInterfaceQueue queue, int limit, long most, out int buffers, out nint offered)
    {
        SocketCalls.IoVector* vector = _vectors.First - 1;
        uint length = (uint)queue.BufferLength;
        buffers = 0;
        offered = 0;
        nint end = 0;
        foreach (EmulatedArea area in queue.Areas)
        {
            int free = area.FreeCount;
            for (int i = 0; i < free && buffers < limit && offered < most; i++)
            {
                nint part = (nint)long.Min(length, most - offered);
                nint address = (nint)(area.Address + ((nuint)area.PeekFree(i) << area.BufferShift));
                if (address == end && buffers > 0)
                {
                    // Neighbours are one piece to the kernel: fewer and longer copies. About half are, when buffers come back in the order in which they went.
                    vector->Length += (nuint)part;
                }
                else
                {
                    vector++;
                    vector->Base = address;
                    vector->Length = (nuint)part;
                }

                end = address + part;
                offered += part;
                buffers++;
            }
        }

        return (int)(vector - _vectors.First) + 1;
    }

    /// <summary>Takes the filled buffers out of the pool and posts a completion for each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int Deliver(EmulatedRequest request, EmulatedInterfaceQueue queue, int received)
    {
        int used = 0;
        int length = queue.BufferLength;
        foreach (EmulatedArea area in queue.Areas)
        {
            while (received > 0 && area.FreeCount > 0)
            {
                int part = int.Min(received, length);
                int buffer = area.TakeForUser();
                PostData(request.UserData, part, area.Token | ((ulong)(uint)buffer << area.BufferShift));
                received -= part;
                used++;
            }
        }

        return used;
    }

    /// <summary>
    /// The pool or the completion ring ran out. With bytes left in the socket the request ends (7.2 and later) or is
    /// stranded (before); with none left it simply goes on.
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

        if (delivered > 0 && !_kernel.Options.Profile.HasEvents)
        {
            // At the submission's own attempt the socket is found readable again at once; only then does it matter that nothing is free.
            if (!isFirst)
            {
                Strand(request, waiting);
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
            Complete(request, (int)result);
        }
    }

    private void Strand(EmulatedRequest request, int waiting)
    {
        request.StrandedBytes = waiting;
        request.StrandedAtEnd = SocketCalls.PollNow(request.Fd, SocketCalls.EPOLLRDHUP) != 0;
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
            case ReceiveFault.Reset:
                SocketCalls.Disconnect(request.Fd);
                Complete(request, -ECONNRESET);
                return true;
            default:
                return fault == ReceiveFault.Delayed;
        }
    }
}
