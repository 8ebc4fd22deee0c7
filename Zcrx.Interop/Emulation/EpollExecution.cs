using Zcrx.Interop.Abi;
using Zcrx.Interop.Kernel;
using static Zcrx.Interop.Abi.Errno;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Interop.Emulation;

/// <summary>Performs the requests of one ring over epoll. Runs a request when epoll reports its file as ready.</summary>
/// <remarks>All requests run inside <see cref="GetEvents"/> on the issuer's thread, as with DEFER_TASKRUN, so no lock is needed.</remarks>
internal sealed class EpollExecution : IRingExecution
{
    private readonly TurnLimit _turns;
    private readonly EmulatedPoller _poller = new();
    private readonly EmulatedCompletions _completions;
    private readonly EmulatedWatches _watches;
    private readonly EmulatedRequests _requests;
    private readonly EmulatedFileOperations _files;
    private readonly EmulatedReceive _receive;
    private readonly EmulatedRemotePosts _remote;
    private bool _isLeftOver;

    /// <param name="ring">The parts of the ring.</param>
    /// <param name="callerKeepsSockets">True if the caller closes a socket only after the requests that use it have ended.</param>
    public EpollExecution(RingParts ring, bool callerKeepsSockets)
    {
        _turns = ring.Turns;
        _completions = ring.Completions;
        _watches = new EmulatedWatches(_poller, callerKeepsSockets);
        _requests = new EmulatedRequests(ring.Memory, _completions, _watches, ring.Options);
        _files = new EmulatedFileOperations(_requests, _completions);
        _receive = new EmulatedReceive(_requests, _poller, ring);
        _remote = new EmulatedRemotePosts(signal => _poller.Add(signal, SocketCalls.EPOLLIN, EmulatedRemotePosts.Signal), _completions);
    }

    public int Status => _poller.Status;

    public int LostDescriptors => _watches.Lost;

    public void EnableRemotePosts() => _remote.Enable();

    public void PostRemotely(ulong userData, int result) => _remote.Post(userData, result);

    public void ReturnBuffers()
    {
        // This execution takes no buffers in advance, so there is nothing to return.
    }

    public void EndRequests() => _requests.RetireAll();

    public void Dispose()
    {
        _poller.Dispose();
        _remote.Dispose();
    }

    public void Submit()
    {
        // Nothing to do, because each request begins when it is issued.
    }

    public void Issue(in io_uring_sqe entry)
    {
        // IOSQE_ASYNC makes the kernel use a worker thread. It is ignored here, because the results are the same without one.
        int result = (entry.flags & ~IOSQE_ASYNC) != 0
            ? -EINVAL
            : entry.opcode switch
            {
                IORING_OP_NOP => 0,
                IORING_OP_POLL_ADD => _files.IssuePoll(entry),
                IORING_OP_ACCEPT => _files.IssueAccept(entry),
                IORING_OP_READ => _files.IssueRead(entry),
                IORING_OP_RECV_ZC => _receive.Issue(entry),
                IORING_OP_ASYNC_CANCEL => _requests.Cancel(entry),
                IORING_OP_CLOSE => Libc.Close(entry.fd),
                IORING_OP_SHUTDOWN => SocketCalls.Shutdown(entry.fd, (int)entry.len),
                _ => -EINVAL,
            };
        if (result != EmulatedRequests.Pending)
        {
            _completions.Post(entry.user_data, result, 0);
        }
    }

    public int GetEvents(uint minComplete, long deadline)
    {
        _completions.FlushOverflow();
        _isLeftOver = _poller.HasEvents;
        while (true)
        {
            bool enough = _completions.Ready >= minComplete;
            if (!_poller.HasEvents)
            {
                long left = deadline < 0 ? -1 : long.Max(deadline - Environment.TickCount64, 0);
                long retry = _receive.RetryDelayed();
                left = retry < 0 ? left : left < 0 ? retry : long.Min(left, retry);
                int events = _poller.Wait(enough ? 0 : (int)long.Min(left, int.MaxValue));
                if (events == -EINTR)
                {
                    return events;
                }

                _isLeftOver = false;
            }

            RunReady();
            if (_completions.Ready >= minComplete)
            {
                return 0;
            }

            if (!_poller.HasEvents && deadline >= 0 && Environment.TickCount64 >= deadline)
            {
                return -ETIME;
            }
        }
    }

    /// <summary>Runs ready requests until the limit of completions for one call is reached.</summary>
    /// <remarks>
    /// With the limit, bytes are consumed and buffers reused while they are in the processor's cache. The next call handles the remaining
    /// events before it waits. Otherwise the last requests would starve, because epoll always reports in the same order.
    /// </remarks>
    private void RunReady()
    {
        uint start = _completions.Tail;
        while (_completions.Tail - start < (uint)_turns.Buffers && _poller.TryTake(out ulong data, out uint events))
        {
            Run(data, events);
        }
    }

    private void Run(ulong data, uint events)
    {
        if (data == EmulatedRemotePosts.Signal)
        {
            _remote.Drain();
            return;
        }

        if (_requests.Find(data) is not { } request)
        {
            return;
        }

        switch (request.Opcode)
        {
            case IORING_OP_RECV_ZC:
                _receive.Run(request, events, isFirst: false);
                break;
            case IORING_OP_ACCEPT:
                _files.RunAccept(request);
                break;
            case IORING_OP_READ:
                _files.RunRead(request);
                break;
            default:
                _files.RunPoll(request, events, _isLeftOver);
                break;
        }
    }
}
