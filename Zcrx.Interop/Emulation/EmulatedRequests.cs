using Zcrx.Interop.Abi;
using Zcrx.Interop.Kernel;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Interop.Emulation;

/// <summary>Holds the requests of one ring that wait for their files: queues, finds, cancels and completes them.</summary>
/// <param name="memory">Counts completions that the fault plan loses.</param>
/// <param name="completions">Posts the results.</param>
/// <param name="poller">Watches the files.</param>
/// <param name="options">Has the fault plan.</param>
internal sealed class EmulatedRequests(EmulatedRingMemory memory, EmulatedCompletions completions, EmulatedPoller poller, EmulatedKernelOptions options)
{
    /// <summary>The result of a submission whose request is queued or has posted its own completions. Not an errno.</summary>
    public const int Pending = int.MinValue;

    private readonly List<EmulatedRequest> _requests = [];
    private readonly Stack<int> _free = new();

    /// <summary>Queues a request until its file is ready.</summary>
    /// <returns><see cref="Pending"/>, or a negative errno.</returns>
    public int Await(in io_uring_sqe entry, uint events, bool multishot, out EmulatedRequest? request)
    {
        request = null;
        int fd = Libc.Duplicate(entry.fd);
        if (fd < 0)
        {
            return fd;
        }

        int index = _free.TryPop(out int free) ? free : _requests.Count;
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
        int result = poller.Add(fd, events, added.Tag);
        if (result < 0)
        {
            Retire(added);
            // A regular file is always ready, and epoll refuses it. No request here reads one.
            return result;
        }

        request = added;
        return Pending;
    }

    /// <summary>Returns the request with a tag; null when it has ended.</summary>
    public EmulatedRequest? Find(ulong tag)
    {
        EmulatedRequest request = _requests[(int)(uint)tag];
        return request.IsActive && request.Tag == tag ? request : null;
    }

    /// <summary>Ends a request with a result.</summary>
    public void Complete(EmulatedRequest request, int result)
    {
        ulong userData = request.UserData;
        bool isLost = request.Opcode == IORING_OP_RECV_ZC && options.Faults is { } faults && faults.NextEndOfReceive();
        Retire(request);
        if (isLost)
        {
            memory.CountLostCompletion();
            return;
        }

        completions.Post(userData, result, 0);
    }

    /// <summary>Performs ASYNC_CANCEL, and posts its completion before those of the requests that it cancels (observed).</summary>
    /// <returns><see cref="Pending"/>, or a negative errno.</returns>
    public int Cancel(in io_uring_sqe entry)
    {
        const uint Known = IORING_ASYNC_CANCEL_ALL | IORING_ASYNC_CANCEL_FD | IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_FD_FIXED |
            IORING_ASYNC_CANCEL_USERDATA | IORING_ASYNC_CANCEL_OP;
        const uint Narrowing = IORING_ASYNC_CANCEL_FD | IORING_ASYNC_CANCEL_OP;
        bool contradicts = (entry.cancel_flags & IORING_ASYNC_CANCEL_ANY) != 0 && (entry.cancel_flags & Narrowing) != 0;
        // zcrx_ifq_idx shares its place with splice_fd_in, which must be zero.
        if ((entry.cancel_flags & ~Known) != 0 || contradicts || entry.off != 0 || entry.zcrx_ifq_idx != 0)
        {
            return -Errno.EINVAL;
        }

        FileIdentity file = FileIdentity.None;
        if ((entry.cancel_flags & IORING_ASYNC_CANCEL_FD) != 0)
        {
            // There are no registered files, so none of them is found.
            file = (entry.cancel_flags & IORING_ASYNC_CANCEL_FD_FIXED) != 0 ? file : FileIdentity.Of(entry.fd, entry.fd);
            if (file == FileIdentity.None)
            {
                return -Errno.EBADF;
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

        completions.Post(entry.user_data, all ? found.Count : found.Count > 0 ? 0 : -Errno.ENOENT, 0);
        foreach (EmulatedRequest request in found)
        {
            Complete(request, -Errno.ECANCELED);
        }

        return Pending;
    }

    /// <summary>Ends all requests without completions: the ring is closed.</summary>
    public void RetireAll()
    {
        foreach (EmulatedRequest request in _requests)
        {
            if (request.IsActive)
            {
                Retire(request);
            }
        }
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

    private void Retire(EmulatedRequest request)
    {
        // Other duplicates of the file may live on, so closing alone would leave the registration behind.
        poller.Remove(request.Fd);
        _ = Libc.Close(request.Fd);
        request.Fd = -1;
        request.IsActive = false;
        request.Queue = null;
        _free.Push(request.Index);
    }
}
