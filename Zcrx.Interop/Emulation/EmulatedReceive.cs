using Zcrx.Interop.Abi;
using static Zcrx.Interop.Abi.Errno;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Interop.Emulation;

/// <summary>Performs the RECV_ZC requests of one ring. Checks each request, and receives for it when its socket is ready.</summary>
internal sealed class EmulatedReceive
{
    private readonly EmulatedRequests _requests;
    private readonly IReadOnlyDictionary<uint, EmulatedInterfaceQueue> _queues;
    private readonly EmulatedKernelOptions _options;
    private readonly EmulatedReceiveEnds _ends;
    private readonly EmulatedCopyingReceive _copying;
    private readonly EmulatedNicReceive _nic;

    /// <param name="requests">The requests of the ring.</param>
    /// <param name="poller">Watches the sockets.</param>
    /// <param name="ring">The parts of the ring.</param>
    public EmulatedReceive(EmulatedRequests requests, EmulatedPoller poller, RingParts ring)
    {
        EmulatedCompletions completions = ring.Completions;
        VectorTable vectors = new(ScatteringRead.MaxBuffers);
        _requests = requests;
        _queues = ring.Queues;
        _options = ring.Options;
        _ends = new EmulatedReceiveEnds(requests, poller, ring.Options);
        _copying = new EmulatedCopyingReceive(completions, _ends, new ScatteringRead(completions, vectors), ring.Turns);
        _nic = new EmulatedNicReceive(requests, ring, poller, _ends, _copying, vectors);
    }

    /// <summary>Checks a RECV_ZC request. The checks have the same order as in the kernel, so that the first error is the same.</summary>
    /// <returns>Zero, or a negative errno.</returns>
    public static int Check(
        in io_uring_sqe entry, IReadOnlyDictionary<uint, EmulatedInterfaceQueue> queues, EmulatedKernelOptions options, out EmulatedInterfaceQueue? queue)
    {
        if (!queues.TryGetValue(entry.zcrx_ifq_idx, out queue) ||
            entry.off != 0 || entry.addr != 0 || entry.addr3 != 0 || entry.msg_flags != 0 ||
            (entry.ioprio & ~(IORING_RECV_MULTISHOT | IORING_RECVSEND_POLL_FIRST)) != 0 || (entry.ioprio & IORING_RECV_MULTISHOT) == 0)
        {
            return -EINVAL;
        }

        int type = SocketCalls.Option(entry.fd, SocketCalls.SO_TYPE);
        if (type < 0)
        {
            return type;
        }

        return options.AcceptsAnyStream || SocketCalls.Option(entry.fd, SocketCalls.SO_PROTOCOL) == SocketCalls.IPPROTO_TCP ? 0 : -EPROTONOSUPPORT;
    }

    public int Issue(in io_uring_sqe entry)
    {
        int refused = Check(entry, _queues, _options, out EmulatedInterfaceQueue? queue);
        if (refused < 0)
        {
            return refused;
        }

        int result = _requests.Await(entry, EmulatedReceiveEnds.Events, true, out EmulatedRequest? request);
        if (request is not null)
        {
            request.Queue = queue;
            request.Budget = entry.len;
            request.HasBudget = entry.len != 0;
            request.StrandedBytes = -1;
            request.Forget();
            if ((entry.ioprio & IORING_RECVSEND_POLL_FIRST) == 0)
            {
                Run(request, 0, isFirst: true);
            }
        }

        return result;
    }

    /// <summary>Runs a turn of a request, which is one attempt to receive for it.</summary>
    /// <param name="request">The request.</param>
    /// <param name="events">The events that epoll reported for its socket.</param>
    /// <param name="isFirst">Whether this is the first attempt, made during the submission before the request waits.</param>
    public void Run(EmulatedRequest request, uint events, bool isFirst)
    {
        EmulatedInterfaceQueue queue = request.Queue!;
        if (request.IsDelayed || (request.StrandedBytes >= 0 && !_ends.WakesStranded(request, events)))
        {
            return;
        }

        if (_options.Faults is { } faults && _ends.Inject(request, faults))
        {
            return;
        }

        lock (queue.Gate)
        {
            if (queue.Nic is { } nic)
            {
                _nic.Receive(request, queue, nic, isFirst);
                _ends.SettleCopies(queue);
            }
            else
            {
                _copying.Receive(request, queue, isFirst, long.MaxValue, rxQueue: -1);
            }
        }
    }

    /// <summary>Retries the requests that wait until TCP retransmits dropped packets.</summary>
    /// <returns>The milliseconds until the next retry; −1 when no request is delayed.</returns>
    public long RetryDelayed() => _nic.RetryDelayed();
}
