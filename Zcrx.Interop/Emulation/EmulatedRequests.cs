using Zcrx.Interop.Abi;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Interop.Emulation;

/// <summary>Holds the requests of one ring that wait for their files. Queues, finds, cancels and completes them.</summary>
/// <param name="memory">Counts the completions that the fault plan loses.</param>
/// <param name="completions">Posts the results of requests.</param>
/// <param name="watches">Watches the files of requests.</param>
/// <param name="options">Contains the fault plan.</param>
internal sealed class EmulatedRequests(EmulatedRingMemory memory, EmulatedCompletions completions, EmulatedWatches watches, EmulatedKernelOptions options)
{
    /// <summary>
    /// The result of a submission that needs no completion now, because its request waits or has posted its own. It is not an errno.
    /// </summary>
    public const int Pending = int.MinValue;

    private readonly List<EmulatedRequest> _requests = [];
    private readonly Stack<int> _free = new();

    /// <summary>Queues a request until its file is ready.</summary>
    /// <returns><see cref="Pending"/>, or a negative errno.</returns>
    public int Await(in io_uring_sqe entry, uint events, bool multishot, out EmulatedRequest? request)
    {
        request = null;
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
        added.IsMultishot = multishot;
        int result = watches.Add(added, events);
        if (result < 0)
        {
            Free(added);
            // epoll refuses regular files, because they are always ready. No supported request reads one.
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

    /// <summary>
    /// Performs an ASYNC_CANCEL request. Posts its completion before the completions of the cancelled requests, as the kernel does.
    /// </summary>
    /// <returns><see cref="Pending"/>, or a negative errno.</returns>
    public int Cancel(in io_uring_sqe entry)
    {
        int refused = CancelFilter.Parse(entry, out CancelFilter filter);
        if (refused < 0)
        {
            return refused;
        }

        List<EmulatedRequest> found = [];
        foreach (EmulatedRequest request in _requests)
        {
            if (request.IsActive && filter.Matches(request.UserData, request.Opcode, filter.SelectsFile ? FileIdentity.Of(request.Fd, request.CallerFd) : FileIdentity.None))
            {
                found.Add(request);
                if (!filter.SelectsAll)
                {
                    break;
                }
            }
        }

        completions.Post(entry.user_data, filter.SelectsAll ? found.Count : found.Count > 0 ? 0 : -Errno.ENOENT, 0);
        foreach (EmulatedRequest request in found)
        {
            Complete(request, -Errno.ECANCELED);
        }

        return Pending;
    }

    /// <summary>Removes all requests when the ring is closed. Posts no completions.</summary>
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

    private void Retire(EmulatedRequest request)
    {
        watches.Remove(request);
        Free(request);
    }

    private void Free(EmulatedRequest request)
    {
        request.IsActive = false;
        request.Queue = null;
        _free.Push(request.Index);
    }
}
