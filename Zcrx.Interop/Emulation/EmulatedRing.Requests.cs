using Zcrx.Interop.Abi;
using Zcrx.Interop.Kernel;
using static Zcrx.Interop.Abi.Errno;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Interop.Emulation;

/// <content>Submissions: what a request asks for, and its place in the table.</content>
internal sealed unsafe partial class EmulatedRing : IDisposable
{
    // IOSQE_ASYNC
    private const byte AsyncFlag = 1 << 4;
    private const ulong RemoteSignal = ulong.MaxValue;

    private readonly nuint _arrayOffset;
    private readonly List<EmulatedRequest> _requests = [];
    private readonly Stack<int> _freeRequests = new();
    private readonly Queue<OverflownCompletion> _remote = new();
    private int _remoteSignal = -1;
    private bool _isHeldOver;

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
        // A worker would change nothing that can be seen: what it could do at once happens at once, the rest waits for its file.
        int result = (entry.flags & ~AsyncFlag) != 0
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
        int result = Await(entry, entry.poll32_events | (multishot ? SocketCalls.EPOLLET : 0), multishot, out EmulatedRequest? request);
        request?.PollEvents = entry.poll32_events;
        return result;
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
        const uint Known = IORING_ASYNC_CANCEL_ALL | IORING_ASYNC_CANCEL_FD | IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_FD_FIXED |
            IORING_ASYNC_CANCEL_USERDATA | IORING_ASYNC_CANCEL_OP;
        const uint Narrowing = IORING_ASYNC_CANCEL_FD | IORING_ASYNC_CANCEL_OP;
        bool contradicts = (entry.cancel_flags & IORING_ASYNC_CANCEL_ANY) != 0 && (entry.cancel_flags & Narrowing) != 0;
        // zcrx_ifq_idx shares its place with splice_fd_in, which must be zero.
        if ((entry.cancel_flags & ~Known) != 0 || contradicts || entry.off != 0 || entry.zcrx_ifq_idx != 0)
        {
            return -EINVAL;
        }

        FileIdentity file = FileIdentity.None;
        if ((entry.cancel_flags & IORING_ASYNC_CANCEL_FD) != 0)
        {
            // There are no registered files, so none of them is found.
            file = (entry.cancel_flags & IORING_ASYNC_CANCEL_FD_FIXED) != 0 ? file : FileIdentity.Of(entry.fd, entry.fd);
            if (file == FileIdentity.None)
            {
                return -EBADF;
            }
        }

        bool all = (entry.cancel_flags & (IORING_ASYNC_CANCEL_ALL | IORING_ASYNC_CANCEL_ANY)) != 0;
        List<EmulatedRequest> found = [];
        foreach (EmulatedRequest request in _requests)
        {
            if (request.IsActive && Matches(request, entry, file))
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

    private static bool Matches(EmulatedRequest request, in io_uring_sqe cancel, FileIdentity file)
    {
        uint flags = cancel.cancel_flags;
        if ((flags & IORING_ASYNC_CANCEL_ANY) != 0)
        {
            return true;
        }

        bool byFile = (flags & IORING_ASYNC_CANCEL_FD) != 0;
        bool byOpcode = (flags & IORING_ASYNC_CANCEL_OP) != 0;
        if ((byFile && FileIdentity.Of(request.Fd, request.CallerFd) != file) || (byOpcode && request.Opcode != cancel.len))
        {
            return false;
        }

        bool byUserData = (flags & IORING_ASYNC_CANCEL_USERDATA) != 0 || !(byFile || byOpcode);
        return !byUserData || request.UserData == cancel.addr;
    }

    /// <summary>Queues a request until its file is ready.</summary>
    private int Await(in io_uring_sqe entry, uint events, bool multishot, out EmulatedRequest? request)
    {
        request = null;
        int fd = Libc.Duplicate(entry.fd);
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
        bool isLost = request.Opcode == IORING_OP_RECV_ZC && _kernel.Options.Faults is { } faults && faults.NextEndOfReceive();
        Retire(request);
        if (isLost)
        {
            uint* overflow = (uint*)(_ring + CqOverflow);
            Volatile.Write(ref *overflow, *overflow + 1);
            return;
        }

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
}
