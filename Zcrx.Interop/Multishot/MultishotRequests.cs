using Zcrx.Interop.Abi;
using Zcrx.Interop.HostRings;
using Zcrx.Interop.Emulation;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Interop.Multishot;

/// <summary>Holds the requests of the caller's ring. Submits them to the host ring, and cancels them.</summary>
/// <param name="ring">The host ring.</param>
/// <param name="parts">The parts of the caller's ring, to which completions are posted.</param>
internal sealed class MultishotRequests(HostRing ring, RingParts parts)
{
    /// <summary>The user data of requests whose completions are ignored.</summary>
    public const ulong Ignored = ulong.MaxValue - 1;

    private readonly EmulatedCompletions _completions = parts.Completions;
    private readonly List<MultishotRequest> _requests = [];
    private readonly Stack<int> _free = new();

    /// <summary>Gets the active request with an index.</summary>
    public MultishotRequest this[ulong index] => _requests[(int)index];

    /// <summary>Creates a request for an entry of the caller's ring, without submitting it.</summary>
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

    /// <summary>Submits a request to the host ring without translating it.</summary>
    public void Forward(in io_uring_sqe entry)
    {
        MultishotRequest request = Add(entry);
        io_uring_sqe submission = entry;
        // Remove the flag IOSQE_ASYNC. With it, a worker thread would use the ring's buffers concurrently.
        submission.flags = 0;
        submission.user_data = (ulong)request.Index;
        if (!ring.TryPush(submission))
        {
            End(request, -Errno.EAGAIN, 0);
        }
    }

    /// <summary>Ends a request and posts its last completion.</summary>
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
    /// Performs an ASYNC_CANCEL request. The host ring ends the selected requests later, so their completions follow the completion of the
    /// cancel request.
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
                // The host ring may end the receive for another reason before the cancellation. The flag then keeps the receive from being
                // armed again.
                request.IsCancelled = true;
                found++;
                CancelInHost(request);
            }
        }

        _completions.Post(entry.user_data, refused < 0 ? refused : filter.SelectsAll ? found : found > 0 ? 0 : -Errno.ENOENT, 0);
    }

    /// <summary>Closes the duplicate descriptors of all requests. Called after the host ring was closed.</summary>
    public void ReleaseSockets() => _requests.ForEach(static request => request.ReleaseSocket());

    /// <summary>Submits a cancellation of a request to the host ring.</summary>
    public void CancelInHost(MultishotRequest request)
    {
        io_uring_sqe cancel = new() { opcode = IORING_OP_ASYNC_CANCEL, fd = -1, addr = (ulong)request.Index, user_data = Ignored };
        _ = ring.TryPush(cancel);
    }

    // A receive is identified by its socket's cookie, because its descriptor may belong to another file now.
    private static FileIdentity FileOf(MultishotRequest request) =>
        request.Buffers is null ? FileIdentity.Of(request.Fd, request.Fd) : new FileIdentity(request.Cookie, -1);
}
