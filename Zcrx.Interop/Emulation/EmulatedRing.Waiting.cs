using Zcrx.Interop.Kernel;
using static Zcrx.Interop.Abi.Errno;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Interop.Emulation;

/// <content>Waiting, and what is done for a request once its file is ready.</content>
internal sealed unsafe partial class EmulatedRing : IDisposable
{
    private const int AcceptsPerTurn = 64;

    private int GetEvents(uint minComplete, long deadline)
    {
        FlushOverflow();
        _isHeldOver = _poller.HasEvents;
        while (true)
        {
            bool enough = CompletionsReady >= minComplete;
            if (!_poller.HasEvents)
            {
                long left = deadline < 0 ? -1 : long.Max(deadline - Environment.TickCount64, 0);
                long retry = Unpark();
                left = retry < 0 ? left : left < 0 ? retry : long.Min(left, retry);
                int events = _poller.Wait(enough ? 0 : (int)long.Min(left, int.MaxValue));
                if (events == -EINTR)
                {
                    return events;
                }

                _isHeldOver = false;
            }

            RunReady();
            if (CompletionsReady >= minComplete)
            {
                return 0;
            }

            if (!_poller.HasEvents && deadline >= 0 && Environment.TickCount64 >= deadline)
            {
                return -ETIME;
            }
        }
    }

    /// <summary>Runs what is ready until a turn's worth of completions is there.</summary>
    /// <remarks>
    /// No more than that: what has been received is to be consumed while it is still in the processor's cache, and its buffers used again.
    /// The rest is held over to the next call and not looked for again: epoll reports in the same order every time, so the last would starve.
    /// </remarks>
    private void RunReady()
    {
        uint start = _completionTail;
        while (_completionTail - start < (uint)_kernel.Options.BuffersPerTurn && _poller.TryTake(out ulong data, out uint events))
        {
            Run(data, events);
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
                RunPoll(request, events);
                break;
        }
    }

    private void RunPoll(EmulatedRequest request, uint events)
    {
        // What was true in an earlier call may have passed.
        uint current = _isHeldOver ? SocketCalls.PollNow(request.Fd, request.PollEvents) : events;
        if (current != 0)
        {
            Complete(request, (int)current);
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
