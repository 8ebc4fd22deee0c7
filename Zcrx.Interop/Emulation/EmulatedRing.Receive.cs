using System.Runtime.CompilerServices;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Kernel;
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
    private bool _owesCopyNotification;

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
                SettleCopies(queue);
            }
            else
            {
                Receive(request, queue, isFirst, long.MaxValue, rxQueue: -1);
            }
        }
    }

    /// <summary>Reads until the socket is empty, the turn is over, or there is no room left.</summary>
    /// <returns>How many bytes were received.</returns>
    private long Receive(EmulatedRequest request, EmulatedInterfaceQueue queue, bool isFirst, long count, int rxQueue)
    {
        int limit = int.Min(_kernel.Options.BuffersPerTurn, MaxBuffersPerTurn);
        long bytes = TurnLimit(count);
        long total = 0;
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
                return total;
            }

            MessageHeader message = new() { Vectors = _vectors.First, VectorCount = (nuint)vectors };
            nint received = Read(request, &message);
            if (received <= 0)
            {
                EndTurn(request, received is -EAGAIN or -EINTR ? null : (int)received, delivered > 0);
                return total;
            }

            int used = Deliver(request, queue, (int)received);
            delivered += used;
            total += received;
            queue.CountCopies(((uint)received + FragmentLength - 1) / FragmentLength, (ulong)received);
            queue.Nic?.Count(rxQueue, new EmulatedRxQueueCounters { CopiedBytes = received });
            if (request.HasBudget && (request.Budget -= (uint)received) == 0)
            {
                EndWithBudget(request, queue, isFirst, hasCopied: true);
                return total;
            }

            if (used == buffers && (DataSpace == 0 || !queue.HasFreeBuffer))
            {
                // All there was has been filled: whether the request ends depends on what is left in the socket.
                EndWithoutRoom(request, queue.HasFreeBuffer ? -ENOSPC : -ENOMEM, delivered, isFirst);
                return total;
            }

            request.Learn(used, limit);
            bytes -= received;
            if (received < offered || delivered == limit || bytes == 0)
            {
                EndTurn(request, null, hasCopied: true);
                return total;
            }
        }
    }

    private long TurnLimit(long count) =>
        _kernel.Options.Faults is { ShortReceiveLimit: > 0 and var shortest } ? long.Min(shortest, count) : count;

    /// <summary>Posts what a turn leads to besides data: the notification and, if there is a result, the end of the request.</summary>
    private void EndTurn(EmulatedRequest request, int? result, bool hasCopied)
    {
        EmulatedInterfaceQueue queue = request.Queue!;
        _owesCopyNotification |= hasCopied;
        if (result is { } end)
        {
            SettleCopies(queue);
            Complete(request, end);
        }
        else if (queue.Nic is null)
        {
            SettleCopies(queue);
        }
    }

    /// <summary>Reports the copies of this turn. On a NIC one turn may receive from several memories, and reports when it is through with all of them.</summary>
    private void SettleCopies(EmulatedInterfaceQueue queue)
    {
        if (_owesCopyNotification)
        {
            _owesCopyNotification = false;
            queue.Notify(ZCRX_EVENT_COPY);
        }
    }

    /// <summary>
    /// The budget is used up. The kernel reports notifications in the ring's deferred work, which also runs all ends but this one: a budget used up
    /// in the submission itself ends the request there and then, and the notification comes after.
    /// </summary>
    private void EndWithBudget(EmulatedRequest request, EmulatedInterfaceQueue queue, bool isFirst, bool hasCopied)
    {
        if (!isFirst)
        {
            EndTurn(request, 0, hasCopied);
            return;
        }

        Complete(request, 0);
        _owesCopyNotification |= hasCopied;
        SettleCopies(queue);
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
        IoVector* vector = _vectors.First - 1;
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
}
