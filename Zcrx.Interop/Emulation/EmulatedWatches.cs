using Zcrx.Interop.Abi;
using Zcrx.Interop.Kernel;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Interop.Emulation;

/// <summary>
/// Registers the files of one ring's requests with the poller. Ensures that the file of each request stays open until the request ends.
/// </summary>
/// <param name="poller">Watches the files.</param>
/// <param name="callerKeepsSockets">Whether the caller keeps a socket open while requests for it wait.</param>
/// <remarks>
/// <para>
/// A kernel keeps the file of a request open by a reference. User space can keep it open only by a descriptor, so each request has a
/// duplicate of the caller's. If the caller keeps its sockets open, POLL_ADD and RECV_ZC use the caller's descriptor. Even then, a second
/// request of the same kind on a socket needs a duplicate.
/// </para>
/// <para>
/// If the caller closes a socket too early, the kernel may reuse the descriptor for another file. A request for that file then takes over
/// the descriptor. The earlier request loses the descriptor, so that it cannot read from the other file or end that file's registration.
/// </para>
/// </remarks>
internal sealed class EmulatedWatches(EmulatedPoller poller, bool callerKeepsSockets)
{
    // By descriptor. A descriptor can be in both dictionaries, because the poller has one epoll instance for polls and one for other
    // requests.
    private readonly Dictionary<int, EmulatedRequest> _polls = [];
    private readonly Dictionary<int, EmulatedRequest> _others = [];

    /// <summary>Gets the number of descriptors that the caller closed while a request used them.</summary>
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

            // Another request of this kind waits on the socket. An epoll instance accepts each descriptor once, so this request needs a
            // duplicate.
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

    /// <summary>Stops watching the file of a request, and closes the duplicate descriptor if there is one.</summary>
    public void Remove(EmulatedRequest request)
    {
        if (request.Fd < 0)
        {
            return;
        }

        // Remove the registration before closing. Closing would not end it while other descriptors of the file stay open.
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
            // epoll accepts a descriptor twice only if the caller has closed it in between. The descriptor now refers to another file.
            earlier.Unwatch();
            Lost++;
        }

        Of(isPoll)[fd] = request;
        request.Watch(fd, isOwned, isPoll);
        return result;
    }

    private Dictionary<int, EmulatedRequest> Of(bool isPoll) => isPoll ? _polls : _others;
}
