using Zcrx.Interop;
using Zcrx.Interop.Abi;
using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Tests.Support;

/// <summary>Represents the emulated kernel with hooks, with which a test observes or changes some calls.</summary>
internal sealed unsafe class HookedKernel(EmulatedKernelOptions? options = null) : IIoUringKernel
{
    private readonly EmulatedKernel _kernel = new(options);
    private int _forcedResult;
    private int _acceptError;
    private io_sqring_offsets _offsets;
    private io_cqring_offsets _completionOffsets;
    private byte* _ring;
    private io_uring_sqe* _entries;

    public string Description => _kernel.Description;

    /// <summary>Gets or sets a result that Enter returns without entering the kernel. With 0, Enter works normally.</summary>
    public int ForcedEnterResult { get => Volatile.Read(ref _forcedResult); set => Volatile.Write(ref _forcedResult, value); }

    /// <summary>
    /// Gets or sets a callback after each enter. It receives the result of the kernel, and returns the result that the ring thread gets.
    /// </summary>
    public Func<int, int>? Entered { get; set; }

    /// <summary>Gets or sets a callback that runs before a ring or an exported queue is closed.</summary>
    public Action? Closing { get; set; }

    /// <summary>Gets or sets a callback before each enter.</summary>
    public Action? Entering { get; set; }

    /// <summary>
    /// Gets or sets a callback before each enter. It receives the number of completions to wait for and the timeout, which is null for no
    /// limit.
    /// </summary>
    public Action<uint, TimeSpan?>? Waiting { get; set; }

    /// <summary>Gets or sets a callback before each flush. The kernel flushes only if it returns true.</summary>
    public Func<bool>? Flushing { get; set; }

    /// <summary>Gets or sets a value that indicates whether the kernel ignores cancel requests, as a stuck kernel does.</summary>
    public bool IgnoresCancels { get; set; }

    /// <summary>Gets or sets the errno with which the creation of a ring fails, or 0 for success.</summary>
    public int SetupError { get; set; }

    /// <summary>Gets or sets the errno with which every new accept request fails, or 0 for success.</summary>
    public int AcceptError { get => Volatile.Read(ref _acceptError); set => Volatile.Write(ref _acceptError, value); }

    public int Setup(uint entries, io_uring_params* parameters)
    {
        if (SetupError != 0)
        {
            return -SetupError;
        }

        int result = _kernel.Setup(entries, parameters);
        _offsets = parameters->sq_off;
        _completionOffsets = parameters->cq_off;
        return result;
    }

    public int Enter(int ringFd, uint toSubmit, uint minComplete, uint flags, void* argument, nuint argumentSize)
    {
        Entering?.Invoke();
        Waiting?.Invoke(minComplete, TimeoutOf(flags, argument));
        if (IgnoresCancels)
        {
            Disarm(LinuxIoUring.IORING_OP_ASYNC_CANCEL);
        }

        int acceptError = AcceptError;
        if (acceptError != 0)
        {
            Disarm(LinuxIoUring.IORING_OP_ACCEPT);
        }

        int result = ForcedEnterResult;
        if (result == 0)
        {
            result = _kernel.Enter(ringFd, toSubmit, minComplete, flags, argument, argumentSize);
            FailDisarmedAccepts(acceptError);
            result = Entered?.Invoke(result) ?? result;
        }

        if (result == -Errno.EBADF)
        {
            // After EBADF, the ring thread assumes that the descriptor is closed already. This kernel therefore closes the descriptor
            // itself.
            _ = _kernel.Close(ringFd);
        }

        return result;
    }

    /// <summary>Makes the kernel report that it has dropped a completion.</summary>
    public void DropCompletion() => Volatile.Write(ref *(uint*)(_ring + _completionOffsets.overflow), 1);

    public int Register(int ringFd, uint opcode, void* argument, uint argumentCount) =>
        opcode == LinuxIoUring.IORING_REGISTER_ZCRX_CTRL && ((zcrx_ctrl*)argument)->op == LinuxIoUringZcrx.ZCRX_CTRL_FLUSH_RQ && Flushing?.Invoke() == false
            ? 0
            : _kernel.Register(ringFd, opcode, argument, argumentCount);

    public nint Map(int ringFd, nuint length, ulong offset)
    {
        nint address = _kernel.Map(ringFd, length, offset);
        if (offset == LinuxIoUring.IORING_OFF_SQ_RING)
        {
            _ring = (byte*)address;
        }
        else if (offset == LinuxIoUring.IORING_OFF_SQES)
        {
            _entries = (io_uring_sqe*)address;
        }

        return address;
    }

    public int Unmap(nint address, nuint length) => _kernel.Unmap(address, length);

    public int InterfaceIndex(string name) => _kernel.InterfaceIndex(name);

    public int Close(int fd)
    {
        Closing?.Invoke();
        return _kernel.Close(fd);
    }

    /// <summary>
    /// Determines whether the ring contains a successful completion of this kind that the ring thread has not read. Call it only inside
    /// <see cref="Entered"/>.
    /// </summary>
    public bool HasUnread(RequestKind kind)
    {
        uint mask = *(uint*)(_ring + _completionOffsets.ring_mask);
        uint tail = Volatile.Read(ref *(uint*)(_ring + _completionOffsets.tail));
        for (uint i = *(uint*)(_ring + _completionOffsets.head); i != tail; i++)
        {
            Completion* completion = (Completion*)(_ring + _completionOffsets.cqes + ((i & mask) * CompletionQueue.EntrySize));
            if (UserData.Decode(completion->UserData).Kind == kind && completion->Result >= 0)
            {
                return true;
            }
        }

        return false;
    }

    private static TimeSpan? TimeoutOf(uint flags, void* argument)
    {
        if ((flags & LinuxIoUring.IORING_ENTER_EXT_ARG) == 0 || ((io_uring_getevents_arg*)argument)->ts is not (not 0 and var address))
        {
            return null;
        }

        __kernel_timespec timespec = *(__kernel_timespec*)address;
        return TimeSpan.FromSeconds(timespec.tv_sec) + TimeSpan.FromTicks(timespec.tv_nsec / TimeSpan.NanosecondsPerTick);
    }

    /// <summary>
    /// Turns the unread completions of disarmed accept requests into failures. They are recognised by the result 0, because a no-op has
    /// replaced each of these requests.
    /// </summary>
    private void FailDisarmedAccepts(int error)
    {
        if (error == 0)
        {
            return;
        }

        uint mask = *(uint*)(_ring + _completionOffsets.ring_mask);
        uint tail = Volatile.Read(ref *(uint*)(_ring + _completionOffsets.tail));
        for (uint i = *(uint*)(_ring + _completionOffsets.head); i != tail; i++)
        {
            io_uring_cqe* completion = (io_uring_cqe*)(_ring + _completionOffsets.cqes + ((i & mask) * CompletionQueue.EntrySize));
            if (UserData.Decode(completion->user_data).Kind == RequestKind.Accept && completion->res == 0)
            {
                completion->res = -error;
            }
        }
    }

    /// <summary>Replaces all unsubmitted requests with this opcode by requests that do nothing.</summary>
    private void Disarm(byte opcode)
    {
        uint mask = *(uint*)(_ring + _offsets.ring_mask);
        uint tail = Volatile.Read(ref *(uint*)(_ring + _offsets.tail));
        for (uint i = Volatile.Read(ref *(uint*)(_ring + _offsets.head)); i != tail; i++)
        {
            io_uring_sqe* entry = &_entries[i & mask];
            if (entry->opcode == opcode)
            {
                ulong userData = entry->user_data;
                *entry = default;
                entry->opcode = LinuxIoUring.IORING_OP_NOP;
                entry->user_data = userData;
            }
        }
    }
}
