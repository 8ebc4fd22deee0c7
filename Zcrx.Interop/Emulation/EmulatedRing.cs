using System.Runtime.InteropServices;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Kernel;
using static Zcrx.Interop.Abi.Errno;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Interop.Emulation;

/// <summary>Represents one emulated ring: takes submissions and passes them to <see cref="IRingExecution"/>.</summary>
/// <remarks>All requests run inside <see cref="Enter"/> on the issuer's thread, as with DEFER_TASKRUN, so no lock is needed.</remarks>
internal sealed unsafe class EmulatedRing : IDisposable
{
    private readonly EmulatedKernelOptions _options;
    private readonly uint _setupFlags;
    private readonly EmulatedRingMemory _memory;
    private readonly EmulatedCompletions _completions;
    private readonly TurnLimit _turns;
    private readonly IRingExecution _execution;
    private readonly Dictionary<uint, EmulatedInterfaceQueue> _queues = [];
    private readonly Dictionary<uint, nint> _queueRegions = [];
    private readonly object _issuer = Threads.Current;
    // The number of users of the ring's memory: one for the descriptor and one for each mapping.
    private int _users = 1;

    /// <param name="options">The behaviour of the kernel.</param>
    /// <param name="parameters">The parameters of the set-up.</param>
    /// <param name="execution">Creates the component that performs the requests.</param>
    public EmulatedRing(EmulatedKernelOptions options, io_uring_params* parameters, Func<RingParts, IRingExecution> execution)
    {
        _options = options;
        _setupFlags = parameters->flags;
        _memory = new EmulatedRingMemory(parameters);
        _completions = new EmulatedCompletions(_memory, HasFlag(IORING_SETUP_CQE_MIXED));
        _turns = new TurnLimit(options);
        _execution = execution(new RingParts(_setupFlags, _memory, _completions, _queues, options, _turns));
    }

    /// <summary>Gets zero, or a negative errno when the ring could not be created.</summary>
    public int Status => _execution.Status;

    /// <summary>Gets the number of descriptors that the caller closed while a request used them.</summary>
    public int LostDescriptors => _execution.LostDescriptors;

    /// <summary>
    /// Gets a value indicating whether notifications are lost, as when the kernel cannot allocate one. After a loss, the type stays armed.
    /// </summary>
    public bool LosesNotifications => _options.Faults?.DropNotifications ?? false;

    public bool HasFlag(uint setupFlag) => (_setupFlags & setupFlag) != 0;

    /// <summary>Gets the registered settings of busy polling.</summary>
    public EmulatedNapi Napi { get; } = new();

    /// <summary>Gets the interface queues that this ring registered or imported, by zcrx id.</summary>
    public Dictionary<uint, EmulatedInterfaceQueue> Queues => _queues;

    /// <summary>
    /// Gets a value indicating whether the calling thread may use the ring. With SINGLE_ISSUER, only the thread that created the ring may.
    /// </summary>
    public bool IsIssuer => !HasFlag(IORING_SETUP_SINGLE_ISSUER) || _issuer == Threads.Current;

    public nint Map(nuint length, ulong offset)
    {
        if (offset >= LinuxIoUringZcrx.IORING_MAP_OFF_ZCRX_REGION)
        {
            uint id = (uint)((offset - LinuxIoUringZcrx.IORING_MAP_OFF_ZCRX_REGION) >> LinuxIoUringZcrx.IORING_OFF_ZCRX_SHIFT);
            return _queueRegions.TryGetValue(id, out nint region) ? region : -EINVAL;
        }

        return _memory.Map(length, offset);
    }

    public void AddQueue(uint id, EmulatedInterfaceQueue queue, nint kernelRegion)
    {
        _queues.Add(id, queue);
        if (kernelRegion != 0)
        {
            _queueRegions.Add(id, kernelRegion);
        }
    }

    /// <summary>Allows rings of other threads to post notifications to this ring. Called when the ring registers a queue.</summary>
    public void EnableRemotePosts() => _execution.EnableRemotePosts();

    /// <summary>
    /// Puts the free buffers that the ring has taken in advance back into the areas. Called before another ring receives into the areas.
    /// </summary>
    public void ReturnBuffers() => _execution.ReturnBuffers();

    /// <summary>
    /// Posts a notification of an interface queue. Called on the thread of this ring, or of a ring that imported the queue.
    /// </summary>
    public void PostFromQueue(ulong userData, int type)
    {
        if (IsIssuer)
        {
            _completions.Post(userData, type, 0);
            return;
        }

        _execution.PostRemotely(userData, type);
    }

    public int Enter(uint toSubmit, uint minComplete, uint flags, void* argument, nuint argumentSize)
    {
        if ((flags & ~(IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG)) != 0)
        {
            return -EINVAL;
        }

        if (!IsIssuer)
        {
            return -EEXIST;
        }

        long deadline = -1;
        if ((flags & IORING_ENTER_EXT_ARG) != 0)
        {
            if (argumentSize != (nuint)sizeof(io_uring_getevents_arg))
            {
                return -EINVAL;
            }

            if (((io_uring_getevents_arg*)argument)->ts is var pointer and not 0)
            {
                __kernel_timespec timespec = *(__kernel_timespec*)pointer;
                // Round up, so that a wait is never shorter than requested.
                deadline = Environment.TickCount64 + (timespec.tv_sec * 1000) + ((timespec.tv_nsec + 999_999) / 1_000_000);
            }
        }

        int submitted = Submit(toSubmit);
        int waited = 0;
        if ((flags & IORING_ENTER_GETEVENTS) != 0)
        {
            waited = _execution.GetEvents(uint.Min(minComplete, _memory.CompletionEntries), deadline);
        }
        else
        {
            _execution.Submit();
        }

        _completions.Publish();
        return submitted > 0 ? submitted : waited;
    }

    /// <inheritdoc cref="TurnLimit.Set"/>
    public void LimitTurns(int buffers) => _turns.Set(buffers);

    /// <summary>Counts one more mapping of the ring's memory.</summary>
    public void AddUser() => Interlocked.Increment(ref _users);

    /// <summary>
    /// Removes one user of the ring's memory, which is the descriptor or a mapping. When the last user is removed, the ring is freed.
    /// </summary>
    public void RemoveUser()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            Dispose();
        }
    }

    /// <summary>Removes the requests without posting completions, removes the ring as a user of its queues, and frees its memory.</summary>
    public void Dispose()
    {
        _execution.EndRequests();
        foreach (EmulatedInterfaceQueue queue in _queues.Values)
        {
            queue.RemoveUser(this);
        }

        _queues.Clear();
        _execution.Dispose();
        foreach (nint region in _queueRegions.Values)
        {
            NativeMemory.AlignedFree((void*)region);
        }

        _memory.Dispose();
    }

    private int Submit(uint toSubmit)
    {
        uint count = uint.Min(toSubmit, _memory.Submissions);
        for (uint i = 0; i < count; i++)
        {
            _execution.Issue(_memory.TakeSubmission());
        }

        return (int)count;
    }
}
