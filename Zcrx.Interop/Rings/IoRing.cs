using Zcrx.Interop.Abi;
using Zcrx.Interop.Rings;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Interop;

/// <summary>
/// Represents an io_uring instance with the set-up that zcrx requires, which is 32-byte completions, a single issuer and deferred task
/// work.
/// </summary>
/// <remarks>
/// <para>Owned by the thread that creates it. Only that thread may use and dispose the ring. After the thread has ended, any thread may
/// dispose the ring.</para>
/// <para>Corresponds to <c>io_uring_queue_init_params</c> with CQE32, SINGLE_ISSUER, DEFER_TASKRUN, CQSIZE, SUBMIT_ALL and
/// NO_SQARRAY.</para>
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

    /// <summary>Gets the kernel of the ring.</summary>
    public IIoUringKernel Kernel { get; }

    /// <summary>Gets the submission queue.</summary>
    public SubmissionQueue Submission { get; }

    /// <summary>Gets the completion queue.</summary>
    public CompletionQueue Completion { get; }

    /// <summary>Gets the ring's descriptor.</summary>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    public int Fd
    {
        get
        {
            ObjectDisposedException.ThrowIf(_fd < 0, this);
            return _fd;
        }
    }

    /// <summary>Sets up a ring and maps it.</summary>
    /// <param name="kernel">The kernel that provides the ring.</param>
    /// <param name="options">The sizes of the ring.</param>
    /// <returns>The ring. The caller must dispose it, and the calling thread owns it.</returns>
    /// <exception cref="ZcrxException">The kernel refused the set-up. No resources remain allocated.</exception>
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
        // One mapping contains both rings (SINGLE_MMAP, Linux 5.4). Every kernel that supports the required flags has this feature.
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

    /// <summary>Publishes and submits the prepared entries and, if requested, waits for completions.</summary>
    /// <param name="minComplete">The number of completions to wait for. With 0, the call only runs deferred work.</param>
    /// <param name="timeout">The longest wait, or null for no limit.</param>
    /// <returns>
    /// The number of entries consumed, or a negative errno. It is −ETIME after the timeout and −EBADR if completions were lost. −EINTR and
    /// −EBUSY are possible, too.
    /// </returns>
    public int SubmitAndWait(uint minComplete, TimeSpan? timeout = null)
    {
        uint toSubmit = Submission.Publish();
        // Set GETEVENTS even without waiting. With DEFER_TASKRUN, the kernel posts completions and flushes the overflow list only with this
        // flag.
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

    /// <summary>Submits prepared entries without waiting and without running deferred work.</summary>
    /// <returns>The number of entries consumed, or a negative errno.</returns>
    public int Submit() => Checked(Kernel.Enter(Fd, Submission.Publish(), 0, 0, null, 0));

    /// <summary>
    /// Closes the ring, then unmaps it. Unmapping comes last, since the kernel may post completions until the ring is closed.
    /// </summary>
    /// <remarks>
    /// If other code has closed the descriptor, this method does not close it, since its number may belong to another file. The kernel then
    /// frees the ring when its last mapping ends.
    /// </remarks>
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
        // Other code has closed the descriptor. Its number may refer to a file that is not a ring.
        _isDescriptorLost |= result is -Errno.EBADF or -Errno.EOPNOTSUPP;
        return result;
    }
}
