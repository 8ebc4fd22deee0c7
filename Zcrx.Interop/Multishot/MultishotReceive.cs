using Zcrx.Interop.Abi;
using Zcrx.Interop.Emulation;
using static Zcrx.Interop.Abi.Errno;
using static Zcrx.Interop.Abi.LinuxIoUring;
using static Zcrx.Interop.Abi.LinuxIoUringZcrx;

namespace Zcrx.Interop.Multishot;

/// <summary>
/// Performs the RECV_ZC requests of the caller's ring as multishot receives into provided buffers, and translates their completions.
/// </summary>
/// <remarks>
/// Each provided buffer has a completion slot reserved. The kernel can therefore take only bytes that have a free buffer and a completion
/// slot. All other bytes wait in the socket.
/// </remarks>
internal sealed unsafe class MultishotReceive : IDisposable
{
    private readonly HostRing _ring;
    private readonly MultishotRequests _requests;
    private readonly EmulatedCompletions _completions;
    private readonly IReadOnlyDictionary<uint, EmulatedInterfaceQueue> _queues;
    private readonly EmulatedKernelOptions _options;
    private readonly bool _hasLimits;
    private readonly ushort _flags;
    private readonly Dictionary<uint, ProvidedBuffers> _buffers = [];
    // The queue whose lock is held while completions are translated.
    private EmulatedInterfaceQueue? _held;
    private bool _owesCopyNotification;

    /// <param name="ring">The host ring.</param>
    /// <param name="requests">The requests of the caller's ring.</param>
    /// <param name="parts">The parts of the caller's ring.</param>
    /// <param name="features">The features of the kernel's receives.</param>
    public MultishotReceive(HostRing ring, MultishotRequests requests, RingParts parts, MultishotFeatures features)
    {
        _ring = ring;
        _requests = requests;
        _completions = parts.Completions;
        _queues = parts.Queues;
        _options = parts.Options;
        _hasLimits = features.HasFlag(MultishotFeatures.Limits);
        _flags = (ushort)(IORING_RECV_MULTISHOT | (features.HasFlag(MultishotFeatures.Bundles) ? IORING_RECVSEND_BUNDLE : 0));
    }

    /// <summary>Begins a request.</summary>
    public void Issue(in io_uring_sqe entry)
    {
        int refused = EmulatedReceive.Check(entry, _queues, _options, out EmulatedInterfaceQueue? queue);
        ProvidedBuffers? buffers = null;
        ulong cookie = 0;
        if (refused == 0)
        {
            refused = int.Min(SocketCalls.Cookie(entry.fd, out cookie), 0);
        }

        if (refused == 0)
        {
            refused = FindBuffers(entry.zcrx_ifq_idx, queue!, out buffers);
        }

        if (refused < 0)
        {
            _completions.Post(entry.user_data, refused, 0);
            return;
        }

        MultishotRequest request = _requests.Add(entry);
        request.Buffers = buffers;
        request.Cookie = cookie;
        request.HasBudget = entry.len != 0;
        request.Budget = entry.len;
        request.End = null;
        buffers!.Requests++;
        Arm(request, (entry.ioprio & IORING_RECVSEND_POLL_FIRST) != 0);
    }

    /// <summary>Provides buffers for the next call into the kernel.</summary>
    public void Balance()
    {
        foreach (ProvidedBuffers buffers in _buffers.Values)
        {
            lock (buffers.Queue.Gate)
            {
                buffers.Balance();
            }
        }
    }

    /// <summary>Returns all provided buffers.</summary>
    public void TakeBack()
    {
        foreach (ProvidedBuffers buffers in _buffers.Values)
        {
            lock (buffers.Queue.Gate)
            {
                buffers.TakeBack();
            }
        }
    }

    /// <summary>Translates a completion of a receive. Call <see cref="EndTurn"/> after the last.</summary>
    public void Complete(MultishotRequest request, in io_uring_cqe completion)
    {
        ProvidedBuffers buffers = request.Buffers!;
        Hold(buffers.Queue);
        if ((completion.flags & IORING_CQE_F_BUFFER) != 0)
        {
            Deliver(request, buffers, completion.res, (int)(completion.flags >> IORING_CQE_BUFFER_SHIFT));
        }

        bool isUsedUp = request.HasBudget && request.Budget <= 0;
        if ((completion.flags & IORING_CQE_F_MORE) != 0)
        {
            // Before Linux 6.17, a multishot receive has no limit and may already have taken bytes beyond the budget.
            int? end = request.End is not null ? null : isUsedUp ? 0 : InjectedEnd(request);
            if (end is not null)
            {
                request.End = end;
                _requests.CancelInHost(request);
            }

            return;
        }

        int result = completion.res;
        bool isError = result < 0 && result is not (-ECANCELED or -ENOBUFS);
        int? decided = isUsedUp ? 0 : request.End;
        if (decided is { } decision && (!isError || decision == -ECONNRESET))
        {
            End(request, decision);
        }
        else if (result > 0 || result == -ENOBUFS)
        {
            Continue(request, buffers, isWithoutBuffer: result < 0);
        }
        else
        {
            End(request, result);
        }
    }

    /// <summary>Reports the copies of a turn, and releases the lock of the queue.</summary>
    public void EndTurn() => Hold(null);

    /// <summary>Frees the rings of buffers, after the host ring was closed.</summary>
    public void Dispose()
    {
        foreach (ProvidedBuffers buffers in _buffers.Values)
        {
            buffers.Dispose();
        }
    }

    private int FindBuffers(uint id, EmulatedInterfaceQueue queue, out ProvidedBuffers? buffers)
    {
        if (_buffers.TryGetValue(id, out buffers))
        {
            return 0;
        }

        buffers = new ProvidedBuffers(queue, (ushort)id, _completions);
        int result = buffers.Register(_ring);
        if (result < 0)
        {
            buffers.Dispose();
            return result;
        }

        _buffers.Add(id, buffers);
        return 0;
    }

    private void Arm(MultishotRequest request, bool waitsFirst)
    {
        io_uring_sqe entry = new()
        {
            opcode = IORING_OP_RECV,
            flags = IOSQE_BUFFER_SELECT,
            ioprio = (ushort)(_flags | (waitsFirst ? IORING_RECVSEND_POLL_FIRST : 0)),
            fd = request.Fd,
            buf_group = request.Buffers!.Group,
            user_data = (ulong)request.Index,
        };
        if (_hasLimits && request.HasBudget)
        {
            entry.optlen = (uint)request.Budget;
        }

        if (!_ring.TryPush(entry))
        {
            End(request, -ENOMEM);
        }
    }

    private void Deliver(MultishotRequest request, ProvidedBuffers buffers, int received, int slot)
    {
        if (received <= 0)
        {
            buffers.PutBack(slot);
            return;
        }

        int length = buffers.Queue.BufferLength;
        for (int left = received; left > 0; left -= length)
        {
            _completions.PostReserved(request.UserData, int.Min(left, length), buffers.Deliver(slot++));
        }

        buffers.Queue.CountCopies(((uint)received + EmulatedCopyingReceive.FragmentLength - 1) / EmulatedCopyingReceive.FragmentLength, (ulong)received);
        _owesCopyNotification = true;
        request.Budget -= received;
    }

    /// <summary>
    /// Returns the result with which the fault plan ends the receive; null for no fault. The arrived bytes are delivered before that end.
    /// Faults that delay or strand a turn are not supported.
    /// </summary>
    private int? InjectedEnd(MultishotRequest request)
    {
        switch (_options.Faults?.NextReceive())
        {
            case ReceiveFault.NoBuffers:
                return -ENOMEM;
            case ReceiveFault.CompletionsFull:
                return -ENOSPC;
            case ReceiveFault.Reset:
                SocketCalls.Disconnect(request.Fd);
                return -ECONNRESET;
            default:
                return null;
        }
    }

    /// <summary>Arms a receive again after the host ring has ended it. If no buffer or completion slot is free, ends the receive.</summary>
    private void Continue(MultishotRequest request, ProvidedBuffers buffers, bool isWithoutBuffer)
    {
        if (request.IsCancelled)
        {
            End(request, -ECANCELED);
            return;
        }

        if (SocketCalls.Cookie(request.Fd, out ulong cookie) < 0 || cookie != request.Cookie)
        {
            // The descriptor was closed. Unlike the kernel, this class does not keep a reference to the socket.
            End(request, -EBADF);
            return;
        }

        if (!isWithoutBuffer || buffers.Count > 0 || buffers.Refill())
        {
            Arm(request, waitsFirst: true);
            return;
        }

        if (SocketCalls.BytesWaiting(request.Fd) > 0)
        {
            // If neither a buffer nor a completion slot is free, −ENOMEM is reported: the kernel takes the buffer first.
            End(request, buffers.Queue.HasFreeBuffer ? -ENOSPC : -ENOMEM);
            return;
        }

        byte unused;
        nint peeked = SocketCalls.Receive(request.Fd, &unused, 1, SocketCalls.MSG_PEEK | SocketCalls.MSG_DONTWAIT);
        if (peeked > 0 || peeked is -EAGAIN or -EINTR)
        {
            Arm(request, waitsFirst: true);
        }
        else
        {
            // The stream has ended or failed. Neither result needs a buffer.
            End(request, (int)peeked);
        }
    }

    private void End(MultishotRequest request, int result)
    {
        request.Buffers!.Requests--;
        SettleCopies();
        _requests.End(request, result, 0);
    }

    private void Hold(EmulatedInterfaceQueue? queue)
    {
        if (_held == queue)
        {
            return;
        }

        if (_held is { } held)
        {
            SettleCopies();
            _held = null;
            held.Gate.Exit();
        }

        if (queue is not null)
        {
            queue.Gate.Enter();
            _held = queue;
        }
    }

    private void SettleCopies()
    {
        if (_owesCopyNotification)
        {
            _owesCopyNotification = false;
            _held!.Notify(ZCRX_EVENT_COPY);
        }
    }
}
