using Zcrx.Interop.Abi;
using Zcrx.Interop.HostRings;
using Zcrx.Interop.Emulation;
using static Zcrx.Interop.Abi.Errno;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Interop.Multishot;

/// <summary>
/// Performs the RECV_ZC requests of the caller's ring as multishot receives into provided buffers, and translates their completions.
/// </summary>
/// <remarks>
/// Each provided buffer has a reserved completion slot. The kernel can therefore take bytes only if there is a buffer and a slot for them.
/// Other bytes wait in the socket. A connection whose turns fill many buffers is polled and read instead (<see cref="ReceiveMethod"/>). A
/// read takes no more bytes than there are free buffers and slots.
/// </remarks>
internal sealed unsafe class MultishotReceive
{
    private readonly HostRing _ring;
    private readonly MultishotRequests _requests;
    private readonly EmulatedCompletions _completions;
    private readonly IReadOnlyDictionary<uint, EmulatedInterfaceQueue> _queues;
    private readonly EmulatedKernelOptions _options;
    private readonly ReceiveBuffers _buffers;
    private readonly HeldQueue _held = new();
    private readonly ReadyReceives _ready;
    private readonly ReceiveRules _rules;
    private uint _turn;

    /// <param name="ring">The host ring.</param>
    /// <param name="requests">The requests of the caller's ring.</param>
    /// <param name="parts">The parts of the caller's ring.</param>
    /// <param name="buffers">The provided buffers of the ring's queues.</param>
    /// <param name="rules">The way in which receives are performed.</param>
    public MultishotReceive(HostRing ring, MultishotRequests requests, RingParts parts, ReceiveBuffers buffers, ReceiveRules rules)
    {
        _rules = rules;
        _buffers = buffers;
        _ring = ring;
        _requests = requests;
        _completions = parts.Completions;
        _queues = parts.Queues;
        _options = parts.Options;
        _ready = new ReadyReceives(_completions, parts.Turns);
    }

    /// <summary>Gets a value indicating whether receives wait to read from readable sockets. The ring must then not sleep.</summary>
    public bool HasReady => _ready.Count > 0;

    /// <summary>Begins a RECV_ZC request, or posts the error if it is invalid.</summary>
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
            refused = _buffers.Find(entry.zcrx_ifq_idx, queue!, out buffers);
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
        request.BeginReceive(_rules.FirstMethod);
        bool waitsFirst = (entry.ioprio & IORING_RECVSEND_POLL_FIRST) != 0;
        if (!CanRead(request))
        {
            Arm(request, waitsFirst);
        }
        else if (waitsFirst)
        {
            Poll(request);
        }
        else
        {
            _ready.Add(request);
        }
    }

    /// <summary>
    /// Translates a completion of the host ring into completions of the caller's ring. Call <see cref="EndTurn"/> after the last one.
    /// </summary>
    public void Complete(MultishotRequest request, in io_uring_cqe completion)
    {
        ProvidedBuffers buffers = request.Buffers!;
        _held.Hold(buffers.Queue);
        if (request.Phase == ReceivePhase.Polling)
        {
            CompletePoll(request, completion.res);
            return;
        }

        if ((completion.flags & IORING_CQE_F_BUFFER) != 0)
        {
            Deliver(request, buffers, completion.res, (int)(completion.flags >> IORING_CQE_BUFFER_SHIFT));
            request.HasLeftBytes = (completion.flags & IORING_CQE_F_SOCK_NONEMPTY) != 0;
        }

        bool isUsedUp = request.HasBudget && request.Budget <= 0;
        if ((completion.flags & IORING_CQE_F_MORE) != 0)
        {
            // Before Linux 6.17, a multishot receive does not know its budget. It may already have taken more bytes, and must be cancelled.
            int? end = request.End is not null ? null : isUsedUp ? 0 : InjectedEnd(request);
            if (end is not null)
            {
                request.End = end;
                _requests.CancelInHost(request);
            }
            else if (request.Phase == ReceivePhase.Armed && request.End is null && CanRead(request))
            {
                request.Phase = ReceivePhase.Stopping;
                _requests.CancelInHost(request);
            }

            return;
        }

        bool hasStopped = request.Phase == ReceivePhase.Stopping && completion.res == -ECANCELED;
        int result = completion.res;
        bool isError = result < 0 && result is not (-ECANCELED or -ENOBUFS);
        int? decided = isUsedUp ? 0 : request.End;
        if (decided is { } decision && (!isError || decision == -ECONNRESET))
        {
            End(request, decision);
        }
        else if (result > 0 || result == -ENOBUFS || hasStopped)
        {
            Continue(request, buffers, isWithoutBuffer: result == -ENOBUFS);
        }
        else
        {
            End(request, result);
        }

        // Decrement last. Continue provides buffers before it counts the receive again, and provides none while the count is zero.
        buffers.Requests--;
    }

    /// <summary>Reads from readable sockets until the turn has posted enough completions. The next turn reads from the others.</summary>
    public void ReadReady()
    {
        _ready.BeginTurn();
        while (_ready.Take() is { } request)
        {
            _held.Hold(request.Buffers!.Queue);
            Read(request, request.Buffers);
        }

        EndTurn();
    }

    /// <summary>Ends a turn. Posts the copy notification if one is due, and releases the lock of the queue.</summary>
    public void EndTurn()
    {
        _held.Release();
        _turn++;
    }

    /// <summary>Waits for more bytes, with a poll or a multishot receive, as the connection's receive method requires.</summary>
    private void Rearm(MultishotRequest request)
    {
        if (request.Method.IsRead)
        {
            Poll(request);
        }
        else
        {
            Arm(request, waitsFirst: true);
        }
    }

    /// <summary>Determines whether the receive reads. If so, keeps its socket open; if that fails, makes it a multishot receive.</summary>
    /// <returns>True when the receive reads; false when it is a multishot receive.</returns>
    private bool CanRead(MultishotRequest request)
    {
        if (request.Method.IsRead && !_rules.CallerKeepsSockets)
        {
            request.KeepSocket();
        }

        return request.Method.IsRead;
    }

    private void Poll(MultishotRequest request)
    {
        request.Phase = ReceivePhase.Polling;
        io_uring_sqe entry = new() { opcode = IORING_OP_POLL_ADD, fd = request.SocketFd, poll32_events = EmulatedReceiveEnds.Events, user_data = (ulong)request.Index };
        if (!_ring.TryPush(entry))
        {
            End(request, -ENOMEM);
        }
    }

    private void CompletePoll(MultishotRequest request, int result)
    {
        if (result >= 0)
        {
            _ready.Add(request);
        }
        else
        {
            End(request, result);
        }
    }

    private void Read(MultishotRequest request, ProvidedBuffers buffers)
    {
        if (request.FindEnd() is { } reason)
        {
            End(request, reason);
            return;
        }

        if (!buffers.Queue.HasFreeBuffer || _completions.Reservable == 0)
        {
            buffers.TakeBack();
        }

        int used = _ready.Read(request, buffers.Queue, out int result, out bool isFilled);
        if (used < 0)
        {
            EndWithoutRoom(request, buffers);
            return;
        }

        if (result <= 0)
        {
            if (result is -EAGAIN or -EINTR)
            {
                Poll(request);
            }
            else
            {
                End(request, result);
            }

            return;
        }

        _held.NoteCopies();
        if ((request.HasBudget && request.Budget == 0 ? 0 : InjectedEnd(request)) is { } end)
        {
            End(request, end);
            return;
        }

        request.Method = request.Method.Next(used);
        if (isFilled)
        {
            // The socket probably has more bytes. A read that finds none would cost less than a poll.
            _ready.Add(request);
        }
        else
        {
            Rearm(request);
        }
    }

    private void Arm(MultishotRequest request, bool waitsFirst)
    {
        request.Phase = ReceivePhase.Armed;
        request.Buffers!.Requests++;
        io_uring_sqe entry = new()
        {
            opcode = IORING_OP_RECV,
            flags = IOSQE_BUFFER_SELECT,
            ioprio = (ushort)(IORING_RECV_MULTISHOT | (waitsFirst ? IORING_RECVSEND_POLL_FIRST : 0)),
            fd = request.SocketFd,
            buf_group = request.Buffers.Group,
            user_data = (ulong)request.Index,
        };
        if (_rules.HasLimits && request.HasBudget)
        {
            // Only a bundle ends at a limit within a buffer, but the kernel prepares up to 256 buffers for each message of a bundle. A receive
            // without bundles fills the buffer in which its limit lies. It therefore ends earlier, and a bundle receives the rest. The kernel
            // takes a limit over int.MaxValue for a negative number. A bundle must stay below one buffer, because a bundle that finds no
            // bytes leaves its first provided buffer shortened.
            long whole = request.Budget - (request.Buffers.Queue.BufferLength - 1);
            entry.ioprio |= whole > 0 ? (ushort)0 : IORING_RECVSEND_BUNDLE;
            entry.optlen = (uint)long.Min(whole > 0 ? whole : request.Budget, int.MaxValue);
        }

        if (!_ring.TryPush(entry))
        {
            request.Buffers.Requests--;
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
        int first = slot;
        for (int left = received; left > 0; left -= length)
        {
            _completions.PostReserved(request.UserData, int.Min(left, length), buffers.Deliver(slot++));
        }

        request.CountBuffers(_turn, slot - first);
        ScatteringRead.CountCopies(buffers.Queue, received);
        _held.NoteCopies();
        request.Budget -= received;
    }

    /// <summary>
    /// Returns the result with which the fault plan ends the receive; null for no fault. Bytes that have arrived are delivered first.
    /// Faults that delay a turn or strand a receive have no effect here.
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
                SocketCalls.Disconnect(request.SocketFd);
                return -ECONNRESET;
            default:
                return null;
        }
    }

    /// <summary>Continues a receive after the host ring has ended it. If no buffer or completion slot is free, ends the receive.</summary>
    private void Continue(MultishotRequest request, ProvidedBuffers buffers, bool isWithoutBuffer)
    {
        if (isWithoutBuffer)
        {
            // Other connections have taken all provided buffers. Count the waiting bytes as if the turn had filled buffers with them.
            request.CountBuffers(_turn, SocketCalls.BytesWaiting(request.SocketFd) / buffers.Queue.BufferLength);
        }

        bool canRead = CanRead(request);
        // Check after CanRead, which may have duplicated the descriptor. The check must apply to the descriptor in use.
        if (request.FindEnd() is { } reason)
        {
            End(request, reason);
            return;
        }

        if (!isWithoutBuffer || canRead || buffers.Count > 0 || buffers.Refill())
        {
            Rearm(request);
            return;
        }

        EndWithoutRoom(request, buffers);
    }

    /// <summary>
    /// Ends a receive for which no buffer or completion slot is free. If the socket is empty and the stream has not ended, the receive
    /// continues instead.
    /// </summary>
    private void EndWithoutRoom(MultishotRequest request, ProvidedBuffers buffers)
    {
        if (SocketCalls.BytesWaiting(request.SocketFd) > 0)
        {
            // The kernel takes a buffer before a completion slot. If both are missing, it reports −ENOMEM.
            End(request, buffers.Queue.HasFreeBuffer ? -ENOSPC : -ENOMEM);
            return;
        }

        byte unused;
        nint peeked = SocketCalls.Receive(request.SocketFd, &unused, 1, SocketCalls.MSG_PEEK | SocketCalls.MSG_DONTWAIT);
        if (peeked > 0 || peeked is -EAGAIN or -EINTR)
        {
            Rearm(request);
        }
        else
        {
            // The stream has ended or failed. Reporting that needs no buffer.
            End(request, (int)peeked);
        }
    }

    private void End(MultishotRequest request, int result)
    {
        _held.SettleCopies();
        _requests.End(request, result, 0);
    }
}
