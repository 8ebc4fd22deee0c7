using Zcrx.Interop.Abi;
using Zcrx.Interop.Kernel;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Interop.Emulation;

/// <summary>
/// Registers the files of one ring's requests with the poller. Ensures that the descriptor of a request refers to the same file as long as
/// the request uses it.
/// </summary>
/// <param name="poller">Watches the files.</param>
/// <param name="callerKeepsSockets">Whether the caller keeps a socket open while requests for it wait.</param>
/// <remarks>
/// <para>
/// The kernel's requests refer to files. User space can keep a file open only by a descriptor. Each request therefore has a duplicate,
/// unless the caller keeps its sockets open. Even then, a request has a duplicate if it is neither POLL_ADD nor RECV_ZC, or if a request
/// of its kind already waits on the socket.
/// </para>
/// <para>
/// If the caller closes a socket too early, the kernel may reuse its descriptor for another file. The registration of that file then
/// replaces the one of the earlier request. The earlier request is detached from the descriptor, so it neither reads from the other file
/// nor ends its registration.
/// </para>
/// </remarks>
internal sealed class EmulatedWatches(EmulatedPoller poller, bool callerKeepsSockets)
{
    // By descriptor. The poller has one instance for polls and one for other requests, so a descriptor can be in both.
    private readonly Dictionary<int, EmulatedRequest> _polls = [];
    private readonly Dictionary<int, EmulatedRequest> _others = [];

    /// <summary>Gets the number of descriptors that were closed while a request used them.</summary>
    public int Lost { get; private set; }

    /// <summary>Watches the file of a request. Returns a negative errno on failure.</summary>
    public int Add(EmulatedRequest request, uint events)
    {
        bool isPoll = request.Opcode == IORING_OP_POLL_ADD;
        if (callerKeepsSockets && (isPoll || request.Opcode == IORING_OP_RECV_ZC))
        {
            int result = Register(request, request.CallerFd, isOwned: false, isPoll, events);
            if (result != -Errno.EEXIST)
            {
                return result;
            }

            // Another request of this kind already waits for the socket. An epoll instance has one entry per descriptor, so this request
            // needs a duplicate.
        }

        int fd = Libc.Duplicate(request.CallerFd);
        if (fd < 0)
        {
            return fd;
        }

        int added = Register(request, fd, isOwned: true, isPoll, events);
        if (added < 0)
        {
            _ = Libc.Close(fd);
        }

        return added;
    }

    /// <summary>Ends the registration of a request, and closes its duplicate.</summary>
    public void Remove(EmulatedRequest request)
    {
        if (request.Fd < 0)
        {
            return;
        }

        // Other descriptors of the file may stay open, so closing this one alone would not end the registration.
        int result = poller.Remove(request.Fd, request.IsPoll);
        Lost += result < 0 ? 1 : 0;
        Of(request.IsPoll).Remove(request.Fd);
        if (request.IsFdOwned)
        {
            _ = Libc.Close(request.Fd);
        }

        request.Unwatch();
    }

    private int Register(EmulatedRequest request, int fd, bool isOwned, bool isPoll, uint events)
    {
        int result = poller.Add(fd, events, request.Tag, isPoll);
        if (result < 0)
        {
            return result;
        }

        if (Of(isPoll).TryGetValue(fd, out EmulatedRequest? earlier))
        {
            // epoll accepted the descriptor again, so it was closed and the kernel has reused it for another file.
            earlier.Unwatch();
            Lost++;
        }

        Of(isPoll)[fd] = request;
        request.Watch(fd, isOwned, isPoll);
        return result;
    }

    private Dictionary<int, EmulatedRequest> Of(bool isPoll) => isPoll ? _polls : _others;
}
