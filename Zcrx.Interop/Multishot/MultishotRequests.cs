using Zcrx.Interop.Abi;
using Zcrx.Interop.HostRings;
using Zcrx.Interop.Emulation;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Interop.Multishot;

/// <summary>Tracks the requests of the caller's ring. Submits them to the host ring, and cancels them.</summary>
/// <param name="ring">The host ring.</param>
/// <param name="parts">The parts of the caller's ring, to which completions are posted.</param>
internal sealed class MultishotRequests(HostRing ring, RingParts parts)
{
    /// <summary>The user data of requests whose completions are ignored.</summary>
    public const ulong Ignored = ulong.MaxValue - 1;

    private readonly EmulatedCompletions _completions = parts.Completions;
    private readonly List<MultishotRequest> _requests = [];
    private readonly Stack<int> _free = new();

    /// <summary>Returns the active request with an index.</summary>
    public MultishotRequest this[ulong index] => _requests[(int)index];

    /// <summary>Adds a request that is not submitted yet.</summary>
    public MultishotRequest Add(in io_uring_sqe entry)
    {
        int index = _free.TryPop(out int free) ? free : _requests.Count;
        if (index == _requests.Count)
        {
            _requests.Add(new MultishotRequest(index));
        }

        MultishotRequest request = _requests[index];
        request.IsActive = true;
        request.Opcode = entry.opcode;
        request.UserData = entry.user_data;
        request.Fd = entry.fd;
        request.IsCancelled = false;
        return request;
    }

    /// <summary>Submits a request without changes.</summary>
    public void Forward(in io_uring_sqe entry)
    {
        MultishotRequest request = Add(entry);
        io_uring_sqe submission = entry;
        // Drops IOSQE_ASYNC: a worker would use the ring's buffers concurrently.
        submission.flags = 0;
        submission.user_data = (ulong)request.Index;
        if (!ring.TryPush(submission))
        {
            End(request, -Errno.EAGAIN, 0);
        }
    }

    /// <summary>Posts the last completion of a request.</summary>
    public void End(MultishotRequest request, int result, uint flags)
    {
        request.IsActive = false;
        request.Buffers = null;
        request.ReleaseSocket();
        _free.Push(request.Index);
        if (request.Opcode == IORING_OP_RECV_ZC && parts.Options.Faults is { } faults && faults.NextEndOfReceive())
        {
            parts.Memory.CountLostCompletion();
            return;
        }

        _completions.Post(request.UserData, result, flags);
    }

    /// <summary>
    /// Performs ASYNC_CANCEL. The host ring ends the selected requests. Their completions follow the completion of the cancel request.
    /// </summary>
    public void Cancel(in io_uring_sqe entry)
    {
        int refused = CancelFilter.Parse(entry, out CancelFilter filter);
        int found = 0;
        for (int i = 0; refused == 0 && i < _requests.Count && (found == 0 || filter.SelectsAll); i++)
        {
            MultishotRequest request = _requests[i];
            if (request.IsActive && !request.IsCancelled && filter.Matches(request.UserData, request.Opcode, filter.SelectsFile ? FileOf(request) : FileIdentity.None))
            {
                // If the host ring ends the receive for another reason first, the flag keeps the receive from being armed again.
                request.IsCancelled = true;
                found++;
                CancelInHost(request);
            }
        }

        _completions.Post(entry.user_data, refused < 0 ? refused : filter.SelectsAll ? found : found > 0 ? 0 : -Errno.ENOENT, 0);
    }

    /// <summary>Closes the duplicates of descriptors, after the host ring was closed.</summary>
    public void ReleaseSockets() => _requests.ForEach(static request => request.ReleaseSocket());

    /// <summary>Requests that the host ring ends a request.</summary>
    public void CancelInHost(MultishotRequest request)
    {
        io_uring_sqe cancel = new() { opcode = IORING_OP_ASYNC_CANCEL, fd = -1, addr = (ulong)request.Index, user_data = Ignored };
        _ = ring.TryPush(cancel);
    }

    // The descriptor of a receive may belong to another file by now.
    private static FileIdentity FileOf(MultishotRequest request) =>
        request.Buffers is null ? FileIdentity.Of(request.Fd, request.Fd) : new FileIdentity(request.Cookie, -1);
}
