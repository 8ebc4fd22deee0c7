using Zcrx.Interop.Abi;
using Zcrx.Interop.Kernel;
using static Zcrx.Interop.Abi.Errno;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Interop.Emulation;

/// <summary>Performs the requests of one ring that involve no interface queue: POLL_ADD, ACCEPT and READ.</summary>
/// <param name="requests">The requests of the ring.</param>
/// <param name="completions">Posts the results of multishot requests that continue.</param>
internal sealed unsafe class EmulatedFileOperations(EmulatedRequests requests, EmulatedCompletions completions)
{
    private const int AcceptsPerTurn = 64;

    public int IssuePoll(in io_uring_sqe entry)
    {
        if ((entry.len & ~IORING_POLL_ADD_MULTI) != 0)
        {
            return -EINVAL;
        }

        bool multishot = (entry.len & IORING_POLL_ADD_MULTI) != 0;
        // A multishot poll reports each change once, so it is edge-triggered.
        int result = requests.Await(entry, entry.poll32_events | (multishot ? SocketCalls.EPOLLET : 0), multishot, out EmulatedRequest? request);
        request?.PollEvents = entry.poll32_events;
        return result;
    }

    public int IssueAccept(in io_uring_sqe entry)
    {
        if ((entry.ioprio & ~IORING_ACCEPT_MULTISHOT) != 0)
        {
            return -EINVAL;
        }

        int result = requests.Await(entry, SocketCalls.EPOLLIN, (entry.ioprio & IORING_ACCEPT_MULTISHOT) != 0, out EmulatedRequest? request);
        if (request is not null)
        {
            request.AcceptFlags = entry.accept_flags;
            request.IsFileNonBlocking = SocketCalls.IsNonBlocking(request.Fd);
            RunAccept(request);
        }

        return result;
    }

    public int IssueRead(in io_uring_sqe entry)
    {
        int result = requests.Await(entry, SocketCalls.EPOLLIN, false, out EmulatedRequest? request);
        if (request is not null)
        {
            request.Buffer = (nint)entry.addr;
            request.Length = entry.len;
        }

        return result;
    }

    /// <param name="request">The request.</param>
    /// <param name="events">The events that epoll reported for its file.</param>
    /// <param name="isLeftOver">Whether epoll reported the events in an earlier call.</param>
    public void RunPoll(EmulatedRequest request, uint events, bool isLeftOver)
    {
        if (request.IsMultishot && completions.Space > 0)
        {
            completions.Post(request.UserData, (int)events, IORING_CQE_F_MORE);
            return;
        }

        // The state of the file may have changed since an earlier call of epoll, so it is checked again.
        uint current = isLeftOver ? SocketCalls.PollNow(request.Fd, request.PollEvents) : events;
        if (current != 0)
        {
            requests.Complete(request, (int)current);
        }
    }

    public void RunRead(EmulatedRequest request)
    {
        // Another reader may have emptied the eventfd since epoll reported it. Reading it would then block the ring.
        if (SocketCalls.PollNow(request.Fd, SocketCalls.EPOLLIN) == 0)
        {
            return;
        }

        nint read = Libc.Read(request.Fd, (void*)request.Buffer, request.Length);
        if (read != -EAGAIN)
        {
            requests.Complete(request, (int)read);
        }
    }

    public void RunAccept(EmulatedRequest request)
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

            // If the completion ring is full, the request ends, as in the kernel. Its completion goes to the overflow list.
            if (accepted < 0 || !request.IsMultishot || completions.Space == 0)
            {
                requests.Complete(request, accepted);
                return;
            }

            completions.Post(request.UserData, accepted, IORING_CQE_F_MORE);
        }
    }
}
