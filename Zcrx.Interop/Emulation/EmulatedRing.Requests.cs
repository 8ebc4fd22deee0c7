using Zcrx.Interop.Abi;
using Zcrx.Interop.Kernel;
using static Zcrx.Interop.Abi.Errno;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Interop.Emulation;

/// <content>Submissions, waiting and the requests that are not receives.</content>
internal sealed unsafe partial class EmulatedRing : IDisposable
{
    private const int AcceptsPerTurn = 64;
    private const ulong RemoteSignal = ulong.MaxValue;

    private readonly nuint _arrayOffset;
    private readonly List<EmulatedRequest> _requests = [];
    private readonly Stack<int> _freeRequests = new();
    private readonly Queue<OverflownCompletion> _remote = new();
    private int _remoteSignal = -1;

    /// <summary>Called at registration: lets other threads' rings deliver this ring's notifications.</summary>
    public void EnableRemotePosts()
    {
        if (_remoteSignal < 0)
        {
            _remoteSignal = Libc.EventFd(0, Libc.EFD_CLOEXEC | Libc.EFD_NONBLOCK);
            _ = _poller.Add(_remoteSignal, SocketCalls.EPOLLIN, RemoteSignal);
        }
    }

    private int Submit(uint toSubmit)
    {
        uint tail = Volatile.Read(ref *(uint*)(_ring + SqTail));
        uint available = uint.Min(tail - _submissionHead, _submissionEntries);
        uint count = uint.Min(toSubmit, available);
        for (uint i = 0; i < count; i++)
        {
            uint index = _submissionHead & (_submissionEntries - 1);
            if (!HasFlag(IORING_SETUP_NO_SQARRAY))
            {
                index = ((uint*)(_ring + _arrayOffset))[index] & (_submissionEntries - 1);
            }

            io_uring_sqe entry = _submissions[index];
            _submissionHead++;
            // Release: the entry has been read before user space may reuse it.
            Volatile.Write(ref *(uint*)(_ring + SqHead), _submissionHead);
            Issue(entry);
        }

        return (int)count;
    }

    private void Issue(in io_uring_sqe entry)
    {
        int result = entry.flags != 0
            ? -EINVAL
            : entry.opcode switch
            {
                IORING_OP_NOP => 0,
                IORING_OP_POLL_ADD => IssuePoll(entry),
                IORING_OP_ACCEPT => IssueAccept(entry),
                IORING_OP_READ => IssueRead(entry),
                IORING_OP_RECV_ZC => IssueReceive(entry),
                IORING_OP_ASYNC_CANCEL => IssueCancel(entry),
                IORING_OP_CLOSE => Libc.Close(entry.fd),
                IORING_OP_SHUTDOWN => SocketCalls.Shutdown(entry.fd, (int)entry.len),
                _ => -EINVAL,
            };
        if (result != Pending)
        {
            Post(entry.user_data, result, 0);
        }
    }

    // Not an errno: the request has been queued or has posted its own completions.
    private const int Pending = int.MinValue;

    private int IssuePoll(in io_uring_sqe entry)
    {
        if ((entry.len & ~IORING_POLL_ADD_MULTI) != 0)
        {
            return -EINVAL;
        }

        bool multishot = (entry.len & IORING_POLL_ADD_MULTI) != 0;
        // Multishot polls report changes, not states.
        return Await(entry, entry.poll32_events | (multishot ? SocketCalls.EPOLLET : 0), multishot, out _);
    }

    private int IssueAccept(in io_uring_sqe entry)
    {
        if ((entry.ioprio & ~IORING_ACCEPT_MULTISHOT) != 0)
        {
            return -EINVAL;
        }

        int result = Await(entry, SocketCalls.EPOLLIN, (entry.ioprio & IORING_ACCEPT_MULTISHOT) != 0, out EmulatedRequest? request);
        if (request is not null)
        {
            request.AcceptFlags = entry.accept_flags;
            request.IsFileNonBlocking = SocketCalls.IsNonBlocking(request.Fd);
            RunAccept(request);
        }

        return result;
    }

    private int IssueRead(in io_uring_sqe entry)
    {
        int result = Await(entry, SocketCalls.EPOLLIN, false, out EmulatedRequest? request);
        if (request is not null)
        {
            request.Buffer = (nint)entry.addr;
            request.Length = entry.len;
        }

        return result;
    }

    private int IssueCancel(in io_uring_sqe entry)
    {
        const uint Known = IORING_ASYNC_CANCEL_ALL | IORING_ASYNC_CANCEL_FD | IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_USERDATA;
        if ((entry.cancel_flags & ~Known) != 0 || entry.off != 0 || entry.addr3 != 0)
        {
            return -EINVAL;
        }

        bool all = (entry.cancel_flags & (IORING_ASYNC_CANCEL_ALL | IORING_ASYNC_CANCEL_ANY)) != 0;
        List<EmulatedRequest> found = [];
        foreach (EmulatedRequest request in _requests)
        {
            if (request.IsActive && Matches(request, entry))
            {
                found.Add(request);
                if (!all)
                {
                    break;
                }
            }
        }

        // The cancel's own completion comes first, then those of what it cancelled (observed).
        Post(entry.user_data, all ? found.Count : found.Count > 0 ? 0 : -ENOENT, 0);
        foreach (EmulatedRequest request in found)
        {
            Complete(request, -ECANCELED);
        }

        return Pending;
    }

    private static bool Matches(EmulatedRequest request, in io_uring_sqe cancel)
    {
        if ((cancel.cancel_flags & IORING_ASYNC_CANCEL_ANY) != 0)
        {
            return true;
        }

        if ((cancel.cancel_flags & IORING_ASYNC_CANCEL_FD) != 0)
        {
            return request.CallerFd == cancel.fd;
        }

        return request.UserData == cancel.addr;
    }

    /// <summary>Queues a request until its file is ready.</summary>
    private int Await(in io_uring_sqe entry, uint events, bool multishot, out EmulatedRequest? request)
    {
        request = null;
        int fd = SocketCalls.Duplicate(entry.fd);
        if (fd < 0)
        {
            return fd;
        }

        int index = _freeRequests.TryPop(out int free) ? free : _requests.Count;
        if (index == _requests.Count)
        {
            _requests.Add(new EmulatedRequest(index));
        }

        EmulatedRequest added = _requests[index];
        added.Generation++;
        added.IsActive = true;
        added.Opcode = entry.opcode;
        added.UserData = entry.user_data;
        added.CallerFd = entry.fd;
        added.Fd = fd;
        added.IsMultishot = multishot;
        int result = _poller.Add(fd, events, Tag(added));
        if (result < 0)
        {
            Retire(added);
            // A regular file is always ready and epoll refuses it; nothing here reads one.
            return result;
        }

        request = added;
        return Pending;
    }

    private static ulong Tag(EmulatedRequest request) => ((ulong)request.Generation << 32) | (uint)request.Index;

    private void Complete(EmulatedRequest request, int result)
    {
        ulong userData = request.UserData;
        Retire(request);
        Post(userData, result, 0);
    }

    private void Retire(EmulatedRequest request)
    {
        // Other duplicates of the file may live on, so closing alone would leave the registration behind.
        _poller.Remove(request.Fd);
        _ = Libc.Close(request.Fd);
        request.Fd = -1;
        request.IsActive = false;
        request.Queue = null;
        _freeRequests.Push(request.Index);
    }

    private int GetEvents(uint minComplete, long deadline)
    {
        FlushOverflow();
        bool first = true;
        while (true)
        {
            bool enough = CompletionsReady >= minComplete;
            if (enough && !first)
            {
                return 0;
            }

            long left = deadline < 0 ? -1 : long.Max(deadline - Environment.TickCount64, 0);
            int events = _poller.Wait(enough ? 0 : (int)long.Min(left, int.MaxValue));
            if (events == -EINTR)
            {
                return events;
            }

            for (int i = 0; i < events; i++)
            {
                Run(_poller.Data(i), _poller.Events(i));
            }

            first = false;
            if (events == 0 && !enough && deadline >= 0 && Environment.TickCount64 >= deadline)
            {
                return -ETIME;
            }
        }
    }

    private void Run(ulong data, uint events)
    {
        if (data == RemoteSignal)
        {
            DrainRemote();
            return;
        }

        EmulatedRequest request = _requests[(int)(uint)data];
        if (!request.IsActive || request.Generation != (uint)(data >> 32))
        {
            return;
        }

        switch (request.Opcode)
        {
            case IORING_OP_RECV_ZC:
                RunReceive(request, events, isFirst: false);
                break;
            case IORING_OP_ACCEPT:
                RunAccept(request);
                break;
            case IORING_OP_READ:
                RunRead(request);
                break;
            case IORING_OP_POLL_ADD when request.IsMultishot && CompletionSpace > 0:
                Post(request.UserData, (int)events, IORING_CQE_F_MORE);
                break;
            default:
                Complete(request, (int)events);
                break;
        }
    }

    private void RunRead(EmulatedRequest request)
    {
        // An eventfd that somebody else emptied in between must not block the ring.
        if (SocketCalls.PollNow(request.Fd, SocketCalls.EPOLLIN) == 0)
        {
            return;
        }

        nint read = Libc.Read(request.Fd, (void*)request.Buffer, request.Length);
        if (read != -EAGAIN)
        {
            Complete(request, (int)read);
        }
    }

    private void RunAccept(EmulatedRequest request)
    {
        for (int i = 0; i < AcceptsPerTurn; i++)
        {
            if (!request.IsFileNonBlocking && SocketCalls.PollNow(request.Fd, SocketCalls.EPOLLIN) == 0)
            {
                return;
            }

            int accepted = SocketCalls.Accept(request.Fd, (int)request.AcceptFlags);
            if (accepted == -EAGAIN)
            {
                return;
            }

            if (accepted is -ECONNABORTED or -EINTR)
            {
                continue;
            }

            // Without room for one more completion a multishot request ends with the one that waits in the overflow list.
            if (accepted < 0 || !request.IsMultishot || CompletionSpace == 0)
            {
                Complete(request, accepted);
                return;
            }

            Post(request.UserData, accepted, IORING_CQE_F_MORE);
        }
    }

    private void DrainRemote()
    {
        ulong count;
        _ = Libc.Read(_remoteSignal, &count, sizeof(ulong));
        lock (_remote)
        {
            while (_remote.TryDequeue(out OverflownCompletion completion))
            {
                Post(completion.UserData, completion.Result, completion.Flags);
            }
        }
    }
}
