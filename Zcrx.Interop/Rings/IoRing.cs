using Zcrx.Interop.Abi;
using Zcrx.Interop.Rings;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Interop;

/// <summary>One io_uring instance, set up the way zcrx demands: 32-byte completions, one issuer, deferred task work.</summary>
/// <remarks>
/// <para>Owned by one thread: the thread that creates it is the only one that may use it, <see cref="Dispose"/> included,
/// unless that thread has ended.</para>
/// <para>Counterpart: <c>io_uring_queue_init_params</c> with CQE32 | SINGLE_ISSUER | DEFER_TASKRUN | CQSIZE | SUBMIT_ALL | NO_SQARRAY.</para>
/// </remarks>
public sealed unsafe class IoRing : IDisposable
{
    private const uint RequiredFlags =
        IORING_SETUP_CQE32 | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
        IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_NO_SQARRAY;

    private readonly nint _ringMemory;
    private readonly nuint _ringLength;
    private readonly nint _entryMemory;
    private readonly nuint _entryLength;
    private int _fd;
    private bool _isDescriptorLost;

    private IoRing(IIoUringKernel kernel, int fd, in io_uring_params parameters, nint ringMemory, nuint ringLength, nint entryMemory, nuint entryLength)
    {
        Kernel = kernel;
        _fd = fd;
        _ringMemory = ringMemory;
        _ringLength = ringLength;
        _entryMemory = entryMemory;
        _entryLength = entryLength;
        Submission = new SubmissionQueue((byte*)ringMemory, (io_uring_sqe*)entryMemory, parameters);
        Completion = new CompletionQueue((byte*)ringMemory, parameters);
    }

    /// <summary>The kernel that answers this ring.</summary>
    public IIoUringKernel Kernel { get; }

    /// <summary>The submission side.</summary>
    public SubmissionQueue Submission { get; }

    /// <summary>The completion side.</summary>
    public CompletionQueue Completion { get; }

    /// <summary>The ring's descriptor.</summary>
    /// <exception cref="ObjectDisposedException">The ring has been disposed.</exception>
    public int Fd
    {
        get
        {
            ObjectDisposedException.ThrowIf(_fd < 0, this);
            return _fd;
        }
    }

    /// <summary>Sets up a ring and maps it.</summary>
    /// <param name="kernel">Who answers.</param>
    /// <param name="options">Sizes.</param>
    /// <returns>The ring, owned by the caller and by the calling thread.</returns>
    /// <exception cref="ZcrxException">The kernel refused; nothing is left behind.</exception>
    public static IoRing Create(IIoUringKernel kernel, IoRingOptions options)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        ArgumentNullException.ThrowIfNull(options);
        io_uring_params parameters = default;
        parameters.flags = RequiredFlags;
        parameters.cq_entries = options.CompletionEntries;
        int fd = kernel.Setup(options.SubmissionEntries, &parameters);
        if (fd < 0)
        {
            throw RingErrors.ExplainSetup(-fd, HostFacts.Read());
        }

        nuint ringLength = nuint.Max(
            parameters.sq_off.array == 0 ? parameters.sq_off.flags + sizeof(uint) : parameters.sq_off.array + (parameters.sq_entries * sizeof(uint)),
            parameters.cq_off.cqes + ((nuint)parameters.cq_entries * CompletionQueue.EntrySize));
        nuint entryLength = (nuint)parameters.sq_entries * (nuint)sizeof(io_uring_sqe);
        // SINGLE_MMAP has been there since 5.4, long before anything else that is needed here: one mapping holds both rings.
        nint ringMemory = kernel.Map(fd, ringLength, IORING_OFF_SQ_RING);
        if (ringMemory is < 0 and >= -4095)
        {
            _ = kernel.Close(fd);
            throw RingErrors.ExplainSetup((int)-ringMemory, HostFacts.Read());
        }

        nint entryMemory = kernel.Map(fd, entryLength, IORING_OFF_SQES);
        if (entryMemory is < 0 and >= -4095)
        {
            _ = kernel.Unmap(ringMemory, ringLength);
            _ = kernel.Close(fd);
            throw RingErrors.ExplainSetup((int)-entryMemory, HostFacts.Read());
        }

        IoRing ring = new(kernel, fd, parameters, ringMemory, ringLength, entryMemory, entryLength);
        if (options.BusyPoll > TimeSpan.Zero && ring.EnableBusyPolling(options) is < 0 and var refused)
        {
            ring.Dispose();
            throw RingErrors.ExplainBusyPolling(-refused, HostFacts.Read());
        }

        return ring;
    }

    /// <summary>Publishes the prepared submissions, hands them over and, if asked to, waits for completions.</summary>
    /// <param name="minComplete">How many completions to wait for; 0 only runs what is due.</param>
    /// <param name="timeout">The longest wait, or null for no limit.</param>
    /// <returns>Entries consumed, or a negative errno: −ETIME when the wait ran out, −EINTR, −EBUSY, −EBADR when completions were lost.</returns>
    public int SubmitAndWait(uint minComplete, TimeSpan? timeout = null)
    {
        uint toSubmit = Submission.Publish();
        // GETEVENTS even without waiting: with DEFER_TASKRUN nothing is posted unless the issuer asks, and it also flushes the overflow list.
        uint flags = IORING_ENTER_GETEVENTS;
        int result;
        if (timeout is { } limit)
        {
            long ticks = long.Max(limit.Ticks, 0);
            __kernel_timespec timespec = new()
            {
                tv_sec = ticks / TimeSpan.TicksPerSecond,
                tv_nsec = ticks % TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick,
            };
            io_uring_getevents_arg argument = new() { ts = (ulong)&timespec };
            result = Kernel.Enter(Fd, toSubmit, minComplete, flags | IORING_ENTER_EXT_ARG, &argument, (nuint)sizeof(io_uring_getevents_arg));
        }
        else
        {
            result = Kernel.Enter(Fd, toSubmit, minComplete, flags, null, 0);
        }

        return Checked(result);
    }

    /// <summary>Hands over prepared submissions without waiting and without running deferred work.</summary>
    /// <returns>Entries consumed, or a negative errno.</returns>
    public int Submit() => Checked(Kernel.Enter(Fd, Submission.Publish(), 0, 0, null, 0));

    /// <summary>Closes the ring, then ends its mappings: the order matters, the kernel may post until it is closed.</summary>
    /// <remarks>A descriptor that somebody else has closed is left alone: its number may be another file's by now. The ring then ends with its mappings.</remarks>
    public void Dispose()
    {
        int fd = Interlocked.Exchange(ref _fd, -1);
        if (fd < 0)
        {
            return;
        }

        Submission.End();
        Completion.End();
        if (!_isDescriptorLost)
        {
            _ = Kernel.Close(fd);
        }

        _ = Kernel.Unmap(_entryMemory, _entryLength);
        _ = Kernel.Unmap(_ringMemory, _ringLength);
    }

    private int EnableBusyPolling(IoRingOptions options)
    {
        io_uring_napi napi = new()
        {
            busy_poll_to = (uint)long.Clamp((long)options.BusyPoll.TotalMicroseconds, 1, 1_000_000),
            prefer_busy_poll = options.PreferBusyPoll ? (byte)1 : (byte)0,
            opcode = IO_URING_NAPI_REGISTER_OP,
            op_param = IO_URING_NAPI_TRACKING_DYNAMIC,
        };
        return Kernel.Register(Fd, IORING_REGISTER_NAPI, &napi, 1);
    }

    private int Checked(int result)
    {
        // No such descriptor; or one that is no ring.
        _isDescriptorLost |= result is -Errno.EBADF or -Errno.EOPNOTSUPP;
        return result;
    }
}
