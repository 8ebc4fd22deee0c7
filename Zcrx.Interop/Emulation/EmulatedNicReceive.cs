using Zcrx.Interop.Kernel;
using static Zcrx.Interop.Abi.Errno;
using static Zcrx.Interop.Abi.LinuxIoUringZcrx;

namespace Zcrx.Interop.Emulation;

/// <summary>
/// Receives on an interface queue of a NIC. Payload that arrives on the RX queue of the interface queue is not copied. Other payload is
/// copied.
/// </summary>
/// <param name="requests">The requests of the ring.</param>
/// <param name="ring">The parts of the ring.</param>
/// <param name="poller">Watches the sockets.</param>
/// <param name="ends">Ends a turn, and the request if necessary.</param>
/// <param name="copying">Receives bytes that must be copied.</param>
/// <param name="vectors">The I/O vectors of one read.</param>
internal sealed unsafe class EmulatedNicReceive(
    EmulatedRequests requests, RingParts ring, EmulatedPoller poller, EmulatedReceiveEnds ends, EmulatedCopyingReceive copying, VectorTable vectors)
{
    private readonly EmulatedCompletions _completions = ring.Completions;
    private readonly List<DelayedRequest> _delayed = [];

    /// <summary>Receives the bytes that arrived before the last change of steering, piece by piece. Then receives newer bytes.</summary>
    public void Receive(EmulatedRequest request, EmulatedInterfaceQueue queue, EmulatedNic nic, bool isFirst)
    {
        LookUp(request, nic);
        while (request.Backlog is { } backlog && TryPeek(backlog, request.Fd, out LandedBytes landed))
        {
            uint generation = request.Generation;
            long received = ReceiveLanded(request, queue, nic, landed, isFirst);
            if (received < landed.Count || !request.IsActive || request.Generation != generation)
            {
                return;
            }
        }

        request.Backlog = null;
        if (nic.IsRemoved || !nic.IsUp)
        {
            // The interface is down or removed, so nothing more arrives.
            Delay(request, nic);
            return;
        }

        ReceiveLanded(request, queue, nic, new LandedBytes(long.MaxValue, nic.ProviderOf(request.RxQueue), request.RxQueue), isFirst);
    }

    private static bool TryPeek(SocketBacklog backlog, int fd, out LandedBytes next)
    {
        using (backlog.Enter())
        {
            return backlog.TryPeek(SocketCalls.BytesWaiting(fd), out next);
        }
    }

    /// <summary>
    /// Receives adjacent bytes that lie in the same memory. Bytes in the memory of <paramref name="queue"/> are delivered without a copy.
    /// Bytes in kernel memory are copied. At bytes in the memory of another queue, the receive ends with −EFAULT.
    /// </summary>
    /// <returns>The number of bytes received.</returns>
    private long ReceiveLanded(EmulatedRequest request, EmulatedInterfaceQueue queue, EmulatedNic nic, in LandedBytes landed, bool isFirst)
    {
        bool isOurs = landed.Owner == queue;
        if (isOurs && ring.Options.Faults is not { ForceCopies: true })
        {
            return ReceiveUncopied(request, queue, nic, landed, isFirst);
        }

        if (isOurs || landed.Owner is null)
        {
            return copying.Receive(request, queue, isFirst, landed.Count, landed.RxQueue);
        }

        if (SocketCalls.BytesWaiting(request.Fd) > 0)
        {
            ends.EndTurn(request, -EFAULT, hasCopied: false);
        }
        else
        {
            ends.CompleteIfEnded(request);
        }

        return 0;
    }

    private static void LookUp(EmulatedRequest request, EmulatedNic nic)
    {
        int changes = nic.Changes;
        if (request.Changes == changes)
        {
            return;
        }

        request.Local ??= SocketCalls.LocalEndPoint(request.Fd);
        request.Remote ??= SocketCalls.RemoteEndPoint(request.Fd);
        if (request is { Local: { } local, Remote: { } remote })
        {
            request.RxQueue = nic.QueueOf(local, remote);
        }

        request.Backlog = nic.BacklogOf(request.Fd);
        request.Changes = changes;
    }

    /// <summary>
    /// Reads directly into buffers of the page pool. Stops when the socket is empty, the limit of the turn is reached, or no buffer or
    /// completion slot is free.
    /// </summary>
    private long ReceiveUncopied(EmulatedRequest request, EmulatedInterfaceQueue queue, EmulatedNic nic, in LandedBytes landed, bool isFirst)
    {
        EmulatedPagePool pool = queue.Pool!;
        PacketLayout layout = new(nic, queue.BufferLength);
        int limit = ring.Turns.Buffers;
        long bytes = ends.TurnLimit(landed.Count);
        long total = 0;
        int delivered = 0;
        while (true)
        {
            if (_completions.DataSpace == 0)
            {
                ends.EndWithoutRoom(request, -ENOSPC, delivered, isFirst, isCopy: false);
                return total;
            }

            if (!pool.Fill())
            {
                queue.Notify(ZCRX_EVENT_ALLOC_FAIL);
                DropPackets(request, nic);
                return total;
            }

            long most = request.HasBudget ? long.Min(bytes, request.Budget) : bytes;
            int packets = BuildPackets(pool, layout, (int)uint.Min(_completions.DataSpace, (uint)(limit - delivered)), most, out nint offered);
            MessageHeader message = new() { Vectors = vectors.First, VectorCount = (nuint)packets };
            nint received = request.Read(&message);
            if (received <= 0)
            {
                if (received is not (-EAGAIN or -EINTR))
                {
                    ends.EndTurn(request, (int)received, hasCopied: false);
                }

                return total;
            }

            int used = DeliverPackets(request, pool, layout, (int)received);
            nic.Count(landed.RxQueue, new EmulatedRxQueueCounters { ZeroCopyPackets = used, ZeroCopyBytes = received });
            delivered += used;
            total += received;
            if (request.HasBudget && (request.Budget -= (uint)received) == 0)
            {
                ends.EndWithBudget(request, queue, isFirst, hasCopied: false);
                return total;
            }

            bytes -= received;
            if (received < offered || delivered >= limit || bytes == 0)
            {
                return total;
            }
        }
    }

    /// <summary>Builds the I/O vectors of a read over the available buffers, with one vector for each packet.</summary>
    private int BuildPackets(EmulatedPagePool pool, in PacketLayout layout, int limit, long most, out nint offered)
    {
        IoVector* vector = vectors.First;
        int count = 0;
        offered = 0;
        for (int i = 0; i < pool.Count && count < limit && offered < most; i++)
        {
            (EmulatedArea area, int buffer) = pool.Peek(i);
            byte* address = area.Address + ((nuint)buffer << area.BufferShift);
            for (int packet = 0; packet < layout.PerBuffer && count < limit && offered < most; packet++)
            {
                nint length = (nint)long.Min(layout.Length, most - offered);
                vector[count++] = new IoVector { Base = (nint)(address + (packet * layout.Stride)), Length = (nuint)length };
                offered += length;
            }
        }

        return count;
    }

    /// <summary>Posts a completion and adds a user reference for each packet in the filled buffers.</summary>
    private int DeliverPackets(EmulatedRequest request, EmulatedPagePool pool, in PacketLayout layout, int received)
    {
        int delivered = 0;
        while (received > 0)
        {
            (EmulatedArea area, int buffer) = pool.Take();
            ulong offset = area.Token | ((ulong)(uint)buffer << area.BufferShift);
            for (int packet = 0; packet < layout.PerBuffer && received > 0; packet++)
            {
                int length = int.Min(received, layout.Length);
                area.AddUserReference(buffer);
                _completions.PostData(request.UserData, length, offset + (ulong)(packet * layout.Stride));
                received -= length;
                delivered++;
            }
        }

        return delivered;
    }

    /// <summary>Drops packets that arrive while no buffer is free. TCP retransmits them, and the request stays armed.</summary>
    private void DropPackets(EmulatedRequest request, EmulatedNic nic)
    {
        if (SocketCalls.BytesWaiting(request.Fd) == 0)
        {
            ends.CompleteIfEnded(request);
            return;
        }

        nic.Count(request.RxQueue, new EmulatedRxQueueCounters { Drops = 1 });
        Delay(request, nic);
    }

    private void Delay(EmulatedRequest request, EmulatedNic nic)
    {
        request.IsDelayed = true;
        _delayed.Add(new DelayedRequest(Environment.TickCount64 + (long)nic.Options.RetransmitDelay.TotalMilliseconds, request.Tag));
        // The socket stays readable. An edge-triggered registration keeps every wait from returning at once.
        poller.Modify(request.Fd, EmulatedReceiveEnds.Events | SocketCalls.EPOLLET, request.Tag);
    }

    /// <summary>
    /// Retries the requests whose delay has passed. A request is delayed until TCP retransmits dropped packets.
    /// </summary>
    /// <returns>The milliseconds until the next retry; −1 when no request is delayed.</returns>
    public long RetryDelayed()
    {
        if (_delayed.Count == 0)
        {
            return -1;
        }

        long now = Environment.TickCount64;
        long next = long.MaxValue;
        for (int i = _delayed.Count - 1; i >= 0; i--)
        {
            DelayedRequest delayed = _delayed[i];
            if (delayed.Due > now)
            {
                next = long.Min(next, delayed.Due - now);
                continue;
            }

            _delayed.RemoveAt(i);
            if (requests.Find(delayed.Tag) is { } request)
            {
                request.IsDelayed = false;
                poller.Modify(request.Fd, EmulatedReceiveEnds.Events, delayed.Tag);
            }
        }

        return next == long.MaxValue ? -1 : next;
    }

    private readonly record struct DelayedRequest(long Due, ulong Tag);
}
