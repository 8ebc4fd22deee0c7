using Zcrx.Interop.Abi;
using Zcrx.Interop.HostRings;
using Zcrx.Interop.Emulation;
using static Zcrx.Interop.Abi.Errno;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Interop.Multishot;

/// <summary>
/// Performs the requests of the caller's ring on the host ring, which is an ordinary ring of the machine's kernel (<see cref="HostRing"/>).
/// </summary>
/// <remarks>
/// When <see cref="GetEvents"/> succeeds, all completions of the host ring are translated. Completions with data always fit into the
/// caller's ring, since slots are reserved before the kernel can take the bytes. Other completions wait in an overflow list while the
/// caller's ring is full.
/// </remarks>
internal sealed class MultishotExecution : IRingExecution
{
    private const uint PollIn = SocketCalls.EPOLLIN;
    private const uint Threading = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_COOP_TASKRUN;

    private readonly HostRing _ring;
    private readonly EmulatedCompletions _completions;
    private readonly MultishotRequests _requests;
    private readonly ReceiveBuffers _buffers;
    private readonly MultishotReceive _receive;
    private readonly EmulatedRemotePosts _remote;
    private int _signal = -1;

    /// <param name="kernel">The kernel of the machine.</param>
    /// <param name="rules">The way in which receives are performed.</param>
    /// <param name="ring">The parts of the caller's ring.</param>
    public MultishotExecution(IIoUringKernel kernel, ReceiveRules rules, RingParts ring)
    {
        _completions = ring.Completions;
        _ring = new HostRing(kernel, ring.Memory.SubmissionEntries, ring.Memory.CompletionEntries, ring.SetupFlags & Threading);
        _requests = new MultishotRequests(_ring, ring);
        _buffers = new ReceiveBuffers(_ring, _completions);
        _receive = new MultishotReceive(_ring, _requests, ring, _buffers, rules);
        _remote = new EmulatedRemotePosts(Watch, _completions);
    }

    public int Status => _ring.Status;

    // A request in the kernel refers to its file, so closing the descriptor does not harm it.
    public int LostDescriptors => 0;

    public void Issue(in io_uring_sqe entry)
    {
        if ((entry.flags & ~IOSQE_ASYNC) != 0)
        {
            _completions.Post(entry.user_data, -EINVAL, 0);
            return;
        }

        switch (entry.opcode)
        {
            case IORING_OP_RECV_ZC:
                _receive.Issue(entry);
                break;
            case IORING_OP_ASYNC_CANCEL:
                _requests.Cancel(entry);
                break;
            default:
                _requests.Forward(entry);
                break;
        }
    }

    public void Submit()
    {
        // When the submission ring was full, adding entries has submitted the older ones. Completions with data may therefore wait already.
        Translate();
        _buffers.Balance();
        _ = _ring.Submit();
        Translate();
    }

    public int GetEvents(uint minComplete, long deadline)
    {
        while (true)
        {
            if (_completions.HasOverflow)
            {
                // Translate completions, then take back the provided buffers. The overflow list needs the slots that are reserved for them.
                Translate();
                _buffers.TakeBack();
                _completions.FlushOverflow();
            }

            _buffers.Balance();
            long left = deadline < 0 ? -1 : long.Max(deadline - Environment.TickCount64, 0);
            int result = _ring.Enter(_receive.HasReady || _completions.Ready >= minComplete ? 0u : 1u, left);
            Translate();
            bool isFailed = result is < 0 and not (-ETIME or -EBUSY or -EAGAIN);
            if (!isFailed)
            {
                // Completions that wait in the kernel come first. Their buffers are already filled, and a read needs free buffers.
                if (!_ring.IsOverflown)
                {
                    _receive.ReadReady();
                }

                if (_ring.IsOverflown)
                {
                    continue;
                }
            }

            if (_completions.Ready >= minComplete)
            {
                return 0;
            }

            if (isFailed)
            {
                return result;
            }

            if (deadline >= 0 && Environment.TickCount64 >= deadline)
            {
                return -ETIME;
            }
        }
    }

    public void ReturnBuffers() => _buffers.TakeBack();

    public void EnableRemotePosts() => _remote.Enable();

    public void PostRemotely(ulong userData, int result) => _remote.Post(userData, result);

    public void EndRequests()
    {
        _ring.Dispose();
        _requests.ReleaseSockets();
        _buffers.TakeBack();
    }

    public void Dispose()
    {
        _ring.Dispose();
        _requests.ReleaseSockets();
        _buffers.Dispose();
        _remote.Dispose();
    }

    private void Translate()
    {
        while (_ring.TryTake(out io_uring_cqe completion))
        {
            switch (completion.user_data)
            {
                case MultishotRequests.Ignored:
                    break;
                case EmulatedRemotePosts.Signal:
                    TakeSignal(completion);
                    break;
                default:
                    Translate(_requests[completion.user_data], completion);
                    break;
            }
        }

        _ring.Advance();
        _receive.EndTurn();
    }

    private void Translate(MultishotRequest request, in io_uring_cqe completion)
    {
        if (request.Opcode == IORING_OP_RECV_ZC)
        {
            _receive.Complete(request, completion);
        }
        else if ((completion.flags & IORING_CQE_F_MORE) != 0)
        {
            _completions.Post(request.UserData, completion.res, completion.flags);
        }
        else
        {
            _requests.End(request, completion.res, completion.flags);
        }
    }

    private void TakeSignal(in io_uring_cqe completion)
    {
        _remote.Drain();
        if ((completion.flags & IORING_CQE_F_MORE) == 0)
        {
            Watch(_signal);
        }
    }

    private void Watch(int signal)
    {
        _signal = signal;
        io_uring_sqe poll = new()
        {
            opcode = IORING_OP_POLL_ADD, fd = signal, len = IORING_POLL_ADD_MULTI, poll32_events = PollIn, user_data = EmulatedRemotePosts.Signal,
        };
        _ = _ring.TryPush(poll);
    }
}
