using System.Numerics;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Emulation;
using Zcrx.Interop.Kernel;
using static Zcrx.Interop.Abi.Errno;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Interop;

/// <summary>
/// Implements io_uring with zcrx in managed code over ordinary TCP sockets. It has the same ring memory, structures and errors as the
/// kernel. It needs no privileges and runs on any Linux kernel.
/// </summary>
/// <remarks>
/// <para>Queues use it as their engine where zcrx is not available. Tests of a service use it to inject faults.</para>
/// <para>Threading: any thread. Each ring belongs to one thread, as on the real kernel. Registered user memory must stay mapped until the
/// ring is closed, because the emulation cannot pin it.</para>
/// <para>
/// Supports the request types NOP, POLL_ADD, ACCEPT, READ, RECV_ZC, ASYNC_CANCEL, CLOSE and SHUTDOWN. Other requests end with −EINVAL.
/// </para>
/// </remarks>
public sealed unsafe class EmulatedKernel : INicKernel, IAreaMemory, IReceiveTurns
{
    private const uint MaxSubmissionEntries = 32768;
    private const uint MaxCompletionEntries = 2 * MaxSubmissionEntries;

    private const uint SupportedSetupFlags =
        IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQE32 | IORING_SETUP_SINGLE_ISSUER |
        IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_NO_SQARRAY | IORING_SETUP_COOP_TASKRUN | IORING_SETUP_CQE_MIXED;

    // Lock order: this lock, the Gate of a queue, the lock of an EmulatedNic, the lock of a SocketBacklog. While the lock of an
    // EmulatedFaultPlan or an EmulatedRemotePosts is held, no other lock is taken.
    private readonly Lock _gate = new();
    private readonly Func<RingParts, IRingExecution> _execution;
    private readonly Dictionary<int, EmulatedRing> _rings = [];
    private readonly Dictionary<int, EmulatedInterfaceQueue> _exports = [];
    // The mappings of ring memory, by address. A mapping keeps the ring's memory alive after the descriptor is closed, like a mapping of a
    // file.
    private readonly Dictionary<nint, EmulatedRing> _mappings = [];
    // Every enter reads this dictionary without the lock, so it is never changed. Adding or removing a ring replaces it.
    private volatile Dictionary<int, EmulatedRing> _ringsSnapshot = [];

    /// <summary>Initializes an emulated kernel. Queues can be imported only within the same kernel.</summary>
    /// <param name="options">The behaviour; null for the defaults.</param>
    public EmulatedKernel(EmulatedKernelOptions? options = null)
        : this(options, callerKeepsSockets: false)
    {
    }

    /// <param name="options">The behaviour; null for the defaults.</param>
    /// <param name="callerKeepsSockets">
    /// True if the caller closes a socket only after its receives have ended and the cancellation of its polls has begun. Requests then use
    /// the caller's descriptor instead of a duplicate.
    /// </param>
    internal EmulatedKernel(EmulatedKernelOptions? options, bool callerKeepsSockets)
        : this(options ?? new EmulatedKernelOptions(), ring => new EpollExecution(ring, callerKeepsSockets))
    {
    }

    /// <param name="options">The behaviour.</param>
    /// <param name="execution">Creates the component that performs the requests of a ring.</param>
    internal EmulatedKernel(EmulatedKernelOptions options, Func<RingParts, IRingExecution> execution)
    {
        _execution = execution;
        Options = options;
        ArgumentOutOfRangeException.ThrowIfNotEqual(Options.BuffersPerTurn is >= 1 and <= 1024, true, nameof(options));
        Nics = new EmulatedNics(Options.Nics);
    }

    /// <summary>Gets the behaviour of this kernel.</summary>
    public EmulatedKernelOptions Options { get; }

    /// <inheritdoc/>
    /// <remarks>Controls the interfaces in <see cref="EmulatedKernelOptions.Nics"/>.</remarks>
    public INicControl Nics { get; }

    /// <inheritdoc/>
    public string Description => $"emulated Linux {Options.Profile.Name}";

    /// <inheritdoc/>
    public int Setup(uint entries, io_uring_params* parameters)
    {
        if (!UserMemory.IsWritable(parameters, (nuint)sizeof(io_uring_params)))
        {
            return -EFAULT;
        }

        uint flags = parameters->flags;
        int refused = CheckSetup(entries, parameters);
        if (refused < 0)
        {
            return refused;
        }

        bool clamp = (flags & IORING_SETUP_CLAMP) != 0;
        uint submissions = BitOperations.RoundUpToPowerOf2(uint.Min(entries, MaxSubmissionEntries));
        uint completions = submissions * 2;
        if ((flags & IORING_SETUP_CQSIZE) != 0)
        {
            uint wanted = parameters->cq_entries;
            if (wanted == 0 || (wanted > MaxCompletionEntries && !clamp))
            {
                return -EINVAL;
            }

            completions = BitOperations.RoundUpToPowerOf2(uint.Min(wanted, MaxCompletionEntries));
            if (completions < submissions)
            {
                return -EINVAL;
            }
        }

        parameters->sq_entries = submissions;
        parameters->cq_entries = completions;
        parameters->features = IORING_FEAT_SINGLE_MMAP | IORING_FEAT_NODROP | IORING_FEAT_EXT_ARG;
        // An eventfd reserves a real descriptor for the ring, so that no other file gets the same number while the ring exists.
        int fd = Libc.EventFd(0, Libc.EFD_CLOEXEC);
        if (fd < 0)
        {
            return fd;
        }

        EmulatedRing ring = new(Options, parameters, _execution);
        if (ring.Status is < 0 and var error)
        {
            ring.Dispose();
            _ = Libc.Close(fd);
            return error;
        }

        lock (_gate)
        {
            _rings.Add(fd, ring);
            _ringsSnapshot = new Dictionary<int, EmulatedRing>(_rings);
        }

        return fd;
    }

    /// <inheritdoc/>
    public int Enter(int ringFd, uint toSubmit, uint minComplete, uint flags, void* argument, nuint argumentSize)
    {
        if (!_ringsSnapshot.TryGetValue(ringFd, out EmulatedRing? ring))
        {
            return -EBADF;
        }

        if (Options.Faults is { } faults && faults.NextEnter())
        {
            _ = Close(ringFd);
            return -EBADF;
        }

        return ring.Enter(toSubmit, minComplete, flags, argument, argumentSize);
    }

    /// <inheritdoc/>
    public int Register(int ringFd, uint opcode, void* argument, uint argumentCount)
    {
        if (opcode == IORING_REGISTER_QUERY)
        {
            return EmulatedQuery.Answer(Options.Profile, argument, argumentCount);
        }

        if (!_ringsSnapshot.TryGetValue(ringFd, out EmulatedRing? ring))
        {
            // −1 means "no ring". Only opcodes that need no ring are valid with it.
            return ringFd == -1 ? -EINVAL : -EBADF;
        }

        if (!ring.IsIssuer)
        {
            return -EEXIST;
        }

        return opcode switch
        {
            IORING_REGISTER_ZCRX_IFQ => argumentCount == 1 && argument != null
                ? EmulatedRegistration.Register(this, ring, (io_uring_zcrx_ifq_reg*)argument)
                : -EINVAL,
            IORING_REGISTER_NAPI => argumentCount == 1 && argument != null ? ring.Napi.Register((io_uring_napi*)argument) : -EINVAL,
            IORING_UNREGISTER_NAPI => argumentCount == 1 ? ring.Napi.Unregister((io_uring_napi*)argument) : -EINVAL,
            IORING_REGISTER_ZCRX_CTRL => EmulatedControl.Run(this, ring, (zcrx_ctrl*)argument, argumentCount),
            _ => -EINVAL,
        };
    }

    /// <inheritdoc/>
    public nint Map(int ringFd, nuint length, ulong offset)
    {
        if (!_ringsSnapshot.TryGetValue(ringFd, out EmulatedRing? ring))
        {
            return -EBADF;
        }

        nint address = ring.Map(length, offset);
        if (address > 0 && offset < LinuxIoUringZcrx.IORING_MAP_OFF_ZCRX_REGION)
        {
            lock (_gate)
            {
                if (_mappings.TryAdd(address, ring))
                {
                    ring.AddUser();
                }
            }
        }

        return address;
    }

    /// <inheritdoc/>
    /// <remarks>The memory is freed when the ring is closed and all of its mappings have ended.</remarks>
    public int Unmap(nint address, nuint length)
    {
        EmulatedRing? ring;
        lock (_gate)
        {
            _mappings.Remove(address, out ring);
        }

        ring?.RemoveUser();
        return 0;
    }

    /// <inheritdoc/>
    public int Close(int fd)
    {
        EmulatedRing? ring;
        EmulatedInterfaceQueue? export;
        lock (_gate)
        {
            if (_rings.Remove(fd, out ring))
            {
                _ringsSnapshot = new Dictionary<int, EmulatedRing>(_rings);
            }

            _exports.Remove(fd, out export);
        }

        if (ring is null && export is null)
        {
            return -EBADF;
        }

        ring?.RemoveUser();
        export?.RemoveUser(null);
        return Libc.Close(fd);
    }

    /// <inheritdoc/>
    public int InterfaceIndex(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        foreach (EmulatedNic nic in Options.Nics)
        {
            if (!nic.IsRemoved && nic.Name == name)
            {
                return (int)nic.Index;
            }
        }

        return Libc.InterfaceIndex(name);
    }

    /// <inheritdoc/>
    int IAreaMemory.Trim(int ringFd, uint queue)
    {
        if (!_ringsSnapshot.TryGetValue(ringFd, out EmulatedRing? ring))
        {
            return -EBADF;
        }

        if (!ring.Queues.TryGetValue(queue, out EmulatedInterfaceQueue? found))
        {
            return -ENXIO;
        }

        // A ring may have taken free buffers in advance. An area counts as unused only after they are returned.
        ring.ReturnBuffers();
        return found.Trim();
    }

    /// <inheritdoc/>
    void IReceiveTurns.Limit(int ringFd, int buffers)
    {
        if (_ringsSnapshot.TryGetValue(ringFd, out EmulatedRing? ring))
        {
            ring.LimitTurns(buffers);
        }
    }

    /// <summary>Gets the interface queues of the open rings. A simulation compares their state with the state in user space.</summary>
    internal IEnumerable<EmulatedInterfaceQueue> InterfaceQueues => _ringsSnapshot.Values.SelectMany(static ring => ring.Queues.Values).Distinct();

    /// <summary>Gets the number of rings and exports that are open. Tests check that it is zero at the end.</summary>
    internal int OpenDescriptors
    {
        get
        {
            lock (_gate)
            {
                return _rings.Count + _exports.Count;
            }
        }
    }

    /// <summary>
    /// Gets the number of descriptors that callers closed while requests of open rings used them. Tests check that it stays zero when the
    /// caller keeps its sockets open.
    /// </summary>
    internal int LostDescriptors => _ringsSnapshot.Values.Sum(static ring => ring.LostDescriptors);

    /// <summary>Returns the emulated interface with an index; null if there is none.</summary>
    internal EmulatedNic? NicOf(uint index)
    {
        foreach (EmulatedNic nic in Options.Nics)
        {
            if (!nic.IsRemoved && nic.Index == index)
            {
                return nic;
            }
        }

        return null;
    }

    /// <summary>Creates a descriptor that keeps a queue alive.</summary>
    internal int Export(EmulatedInterfaceQueue queue)
    {
        int fd = Libc.EventFd(0, Libc.EFD_CLOEXEC);
        if (fd < 0)
        {
            return fd;
        }

        queue.AddUser();
        lock (_gate)
        {
            _exports.Add(fd, queue);
        }

        return fd;
    }

    /// <summary>Returns the queue of an exported descriptor with one more user; null if there is none.</summary>
    internal EmulatedInterfaceQueue? Import(int fd)
    {
        lock (_gate)
        {
            if (!_exports.TryGetValue(fd, out EmulatedInterfaceQueue? queue))
            {
                return null;
            }

            queue.AddUser();
            return queue;
        }
    }

    private static int CheckSetup(uint entries, io_uring_params* parameters)
    {
        uint flags = parameters->flags;
        bool reserved = (parameters->resv0 | parameters->resv1 | parameters->resv2) != 0;
        bool tooMany = entries > MaxSubmissionEntries && (flags & IORING_SETUP_CLAMP) == 0;
        bool bothSizes = (flags & (IORING_SETUP_CQE32 | IORING_SETUP_CQE_MIXED)) == (IORING_SETUP_CQE32 | IORING_SETUP_CQE_MIXED);
        // DEFER_TASKRUN defers work to the thread of the single issuer, so it requires SINGLE_ISSUER.
        bool deferredWithoutIssuer = (flags & (IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SINGLE_ISSUER)) == IORING_SETUP_DEFER_TASKRUN;
        return entries == 0 || tooMany || reserved || bothSizes || deferredWithoutIssuer || (flags & ~SupportedSetupFlags) != 0 ? -EINVAL : 0;
    }
}
