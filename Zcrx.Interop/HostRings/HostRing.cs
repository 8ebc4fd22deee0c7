using Zcrx.Interop.Abi;
using static Zcrx.Interop.Abi.Errno;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Interop.HostRings;

/// <summary>
/// Represents an ordinary ring of the machine's kernel, with 16-byte completions and without zcrx. A ring of the multishot engine performs
/// its requests on a host ring. A queue sends through another one.
/// </summary>
/// <remarks>
/// Used on the thread of the ring. Deferred task work needs Linux 6.1. With it, the kernel takes bytes from sockets only during
/// <see cref="Enter"/>, because it runs deferred task work only there.
/// </remarks>
internal sealed unsafe class HostRing : IDisposable
{
    private const uint MaxCompletionEntries = 65536;
    private const uint FewestCompletionEntries = 4096;

    private readonly IIoUringKernel _kernel;
    private readonly nint _ringMemory;
    private readonly nuint _ringLength;
    private readonly io_uring_sqe* _entries;
    private readonly nuint _entryLength;
    private readonly uint* _submissionHead;
    private readonly uint* _submissionTail;
    private readonly uint* _flags;
    private readonly uint _submissionMask;
    private readonly uint* _completionHead;
    private readonly uint* _completionTail;
    private readonly io_uring_cqe* _completions;
    private readonly uint _completionMask;
    private uint _prepared;
    private uint _head;
    private int _fd;
    private bool _isDescriptorLost;

    /// <summary>Sets up and maps a ring. <see cref="Status"/> contains the result.</summary>
    /// <param name="kernel">The kernel of the machine.</param>
    /// <param name="submissionEntries">The number of submission entries.</param>
    /// <param name="completionEntries">The smallest number of completion entries.</param>
    /// <param name="threading">SINGLE_ISSUER, DEFER_TASKRUN and COOP_TASKRUN, as in the set-up of the caller's ring.</param>
    public HostRing(IIoUringKernel kernel, uint submissionEntries, uint completionEntries, uint threading)
    {
        _kernel = kernel;
        io_uring_params parameters = default;
        parameters.flags = IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP | IORING_SETUP_SUBMIT_ALL | threading;
        // Receives that end without data also take completions of the host ring, so it has more entries than the caller's ring.
        parameters.cq_entries = uint.Clamp(completionEntries * 2, FewestCompletionEntries, MaxCompletionEntries);
        _fd = kernel.Setup(submissionEntries, &parameters);
        if (_fd < 0)
        {
            Status = _fd;
            return;
        }

        Features = parameters.features;
        _ringLength = nuint.Max(
            parameters.sq_off.array + (parameters.sq_entries * sizeof(uint)),
            parameters.cq_off.cqes + (parameters.cq_entries * (nuint)sizeof(io_uring_cqe)));
        _entryLength = parameters.sq_entries * (nuint)sizeof(io_uring_sqe);
        _ringMemory = kernel.Map(_fd, _ringLength, IORING_OFF_SQ_RING);
        nint entries = kernel.Map(_fd, _entryLength, IORING_OFF_SQES);
        _entries = (io_uring_sqe*)entries;
        if (IsError(_ringMemory) || IsError(entries))
        {
            Status = (int)(IsError(_ringMemory) ? _ringMemory : entries);
            return;
        }

        byte* ring = (byte*)_ringMemory;
        _submissionHead = (uint*)(ring + parameters.sq_off.head);
        _submissionTail = (uint*)(ring + parameters.sq_off.tail);
        _flags = (uint*)(ring + parameters.sq_off.flags);
        _submissionMask = parameters.sq_entries - 1;
        _completionHead = (uint*)(ring + parameters.cq_off.head);
        _completionTail = (uint*)(ring + parameters.cq_off.tail);
        _completions = (io_uring_cqe*)(ring + parameters.cq_off.cqes);
        _completionMask = parameters.cq_entries - 1;
        // Entries are always submitted in the order of their slots. The set-up flag NO_SQARRAY would make this table unnecessary, but needs
        // Linux 6.6.
        uint* array = (uint*)(ring + parameters.sq_off.array);
        for (uint i = 0; i < parameters.sq_entries; i++)
        {
            array[i] = i;
        }
    }

    /// <summary>Gets zero, or a negative errno when the ring could not be created.</summary>
    public int Status { get; }

    /// <summary>Gets the features of the kernel's io_uring (<c>IORING_FEAT_*</c>).</summary>
    public uint Features { get; }

    /// <summary>
    /// Gets a value indicating whether completions wait in the kernel because the completion ring is full. False after the ring is closed.
    /// </summary>
    public bool IsOverflown => _fd >= 0 && (Volatile.Read(ref *_flags) & IORING_SQ_CQ_OVERFLOW) != 0;

    /// <summary>Calls <c>io_uring_register</c> for the ring.</summary>
    public int Register(uint opcode, void* argument, uint count) => _kernel.Register(_fd, opcode, argument, count);

    /// <summary>Adds a submission entry. If the submission ring is full, submits its entries first.</summary>
    /// <returns>False when the kernel accepts no entries because it lacks memory.</returns>
    public bool TryPush(in io_uring_sqe entry)
    {
        if (_prepared - Volatile.Read(ref *_submissionHead) > _submissionMask)
        {
            _ = Submit();
            if (_prepared - Volatile.Read(ref *_submissionHead) > _submissionMask)
            {
                return false;
            }
        }

        _entries[_prepared++ & _submissionMask] = entry;
        return true;
    }

    /// <summary>Submits the added entries without waiting and without running deferred work.</summary>
    /// <returns>The number of entries taken, or a negative errno.</returns>
    public int Submit()
    {
        uint count = Publish();
        return count == 0 ? 0 : Checked(_kernel.Enter(_fd, count, 0, 0, null, 0));
    }

    /// <summary>Submits, runs deferred work and, if requested, waits for a completion.</summary>
    /// <param name="minComplete">The number of completions to wait for.</param>
    /// <param name="milliseconds">The longest wait; −1 for no limit.</param>
    /// <returns>The number of entries taken, or a negative errno.</returns>
    public int Enter(uint minComplete, long milliseconds)
    {
        uint count = Publish();
        if (minComplete == 0 || milliseconds < 0)
        {
            return Checked(_kernel.Enter(_fd, count, minComplete, IORING_ENTER_GETEVENTS, null, 0));
        }

        __kernel_timespec timespec = new() { tv_sec = milliseconds / 1000, tv_nsec = milliseconds % 1000 * 1_000_000 };
        io_uring_getevents_arg argument = new() { ts = (ulong)&timespec };
        return Checked(_kernel.Enter(_fd, count, minComplete, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, &argument, (nuint)sizeof(io_uring_getevents_arg)));
    }

    /// <summary>Takes the oldest completion. Call <see cref="Advance"/> after the last one, to free the slots.</summary>
    public bool TryTake(out io_uring_cqe completion)
    {
        // An acquire load: the kernel writes the entries before the tail, so the entries are read after it.
        if (_head == Volatile.Read(ref *_completionTail))
        {
            completion = default;
            return false;
        }

        completion = _completions[_head++ & _completionMask];
        return true;
    }

    /// <summary>Frees the slots of the taken completions for the kernel.</summary>
    public void Advance() => Volatile.Write(ref *_completionHead, _head);

    /// <summary>Closes and unmaps the ring.</summary>
    /// <remarks>
    /// If other code has closed the descriptor, this method does not close it, because its number may belong to another file.
    /// </remarks>
    public void Dispose()
    {
        int fd = Interlocked.Exchange(ref _fd, -1);
        if (fd < 0)
        {
            return;
        }

        if (!_isDescriptorLost)
        {
            _ = _kernel.Close(fd);
        }

        Unmap(_ringMemory, _ringLength);
        Unmap((nint)_entries, _entryLength);
    }

    private int Checked(int result)
    {
        // Other code has closed the descriptor. Its number may refer to a file that is not a ring.
        _isDescriptorLost |= result is -EBADF or -EOPNOTSUPP;
        return result;
    }

    private static bool IsError(nint address) => address is < 0 and >= -4095;

    private uint Publish()
    {
        // A release store: the entries must be visible to the kernel before the tail.
        Volatile.Write(ref *_submissionTail, _prepared);
        return _prepared - Volatile.Read(ref *_submissionHead);
    }

    private void Unmap(nint address, nuint length)
    {
        if (address != 0 && !IsError(address))
        {
            _ = _kernel.Unmap(address, length);
        }
    }
}
