using System.Runtime.InteropServices;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Kernel;
using static Zcrx.Interop.Abi.Errno;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Interop.Emulation;

/// <summary>One emulated ring: the kernel's side of the submission and completion queues.</summary>
/// <remarks>
/// Everything happens inside <see cref="Enter"/> on the issuer's thread, as DEFER_TASKRUN promises; so there is no lock here.
/// Split by concern: memory and entering here, completions in EmulatedRing.Completions.cs, submissions in EmulatedRing.Requests.cs, data in EmulatedRing.Receive.cs.
/// </remarks>
internal sealed unsafe partial class EmulatedRing : IDisposable
{
    // Offsets in the ring mapping; only this file knows them, callers take them from the setup parameters.
    private const int SqHead = 0;
    private const int SqTail = 64;
    private const int SqMask = 128;
    private const int SqEntries = 132;
    private const int SqFlags = 136;
    private const int SqDropped = 140;
    private const int CqHead = 192;
    private const int CqTail = 256;
    private const int CqMask = 320;
    private const int CqEntries = 324;
    private const int CqOverflow = 328;
    private const int CqFlags = 332;
    private const int Entries = 384;

    private readonly EmulatedKernel _kernel;
    private readonly uint _setupFlags;
    private readonly uint _submissionEntries;
    private readonly uint _completionEntries;
    private readonly int _completionSize;
    private readonly bool _isMixed;
    private readonly byte* _ring;
    private readonly byte* _completions;
    private readonly io_uring_sqe* _submissions;
    private readonly nuint _ringLength;
    private readonly EmulatedPoller _poller;
    private readonly Dictionary<uint, EmulatedInterfaceQueue> _queues = [];
    private readonly Dictionary<uint, nint> _queueRegions = [];
    // The descriptor and the mappings.
    private int _users = 1;
    private uint _submissionHead;
    // The thread itself and not its number, which the next thread may get when this one has ended.
    private readonly Thread _issuer = Thread.CurrentThread;

    public EmulatedRing(EmulatedKernel kernel, io_uring_params* parameters)
    {
        _kernel = kernel;
        _setupFlags = parameters->flags;
        _submissionEntries = parameters->sq_entries;
        _completionEntries = parameters->cq_entries;
        _isMixed = (parameters->flags & IORING_SETUP_CQE_MIXED) != 0;
        _completionSize = (parameters->flags & IORING_SETUP_CQE32) != 0 ? 32 : 16;
        nuint array = Entries + (nuint)(_completionEntries * (uint)_completionSize);
        _ringLength = array + (_submissionEntries * sizeof(uint));
        _ring = (byte*)NativeMemory.AlignedAlloc(_ringLength, 64);
        NativeMemory.Clear(_ring, _ringLength);
        _completions = _ring + Entries;
        _submissions = (io_uring_sqe*)NativeMemory.AlignedAlloc(_submissionEntries * 64, 64);
        NativeMemory.Clear(_submissions, _submissionEntries * 64);
        *(uint*)(_ring + SqMask) = _submissionEntries - 1;
        *(uint*)(_ring + SqEntries) = _submissionEntries;
        *(uint*)(_ring + CqMask) = _completionEntries - 1;
        *(uint*)(_ring + CqEntries) = _completionEntries;
        _poller = new EmulatedPoller();
        parameters->sq_off = new io_sqring_offsets
        {
            head = SqHead, tail = SqTail, ring_mask = SqMask, ring_entries = SqEntries, flags = SqFlags, dropped = SqDropped,
            array = (_setupFlags & IORING_SETUP_NO_SQARRAY) != 0 ? 0 : (uint)array,
        };
        parameters->cq_off = new io_cqring_offsets
        {
            head = CqHead, tail = CqTail, ring_mask = CqMask, ring_entries = CqEntries, overflow = CqOverflow, cqes = Entries, flags = CqFlags,
        };
        _arrayOffset = array;
    }

    /// <summary>A negative errno when the ring could not be made.</summary>
    public int Status => _poller.Status;

    /// <summary>As when the kernel cannot allocate one: it is lost, and the type stays armed.</summary>
    public bool LosesNotifications => _kernel.Options.Faults?.DropNotifications ?? false;

    public bool HasFlag(uint setupFlag) => (_setupFlags & setupFlag) != 0;

    /// <summary>What was asked for about busy polling.</summary>
    public EmulatedNapi Napi { get; } = new();

    /// <summary>The interface queues that this ring registered or imported, by zcrx id.</summary>
    public Dictionary<uint, EmulatedInterfaceQueue> Queues => _queues;

    /// <summary>SINGLE_ISSUER: only the thread that made the ring may use it.</summary>
    public bool IsIssuer => !HasFlag(IORING_SETUP_SINGLE_ISSUER) || _issuer == Thread.CurrentThread;

    public nint Map(nuint length, ulong offset)
    {
        if (offset >= LinuxIoUringZcrx.IORING_MAP_OFF_ZCRX_REGION)
        {
            uint id = (uint)((offset - LinuxIoUringZcrx.IORING_MAP_OFF_ZCRX_REGION) >> LinuxIoUringZcrx.IORING_OFF_ZCRX_SHIFT);
            return _queueRegions.TryGetValue(id, out nint region) ? region : -EINVAL;
        }

        return offset switch
        {
            IORING_OFF_SQ_RING or IORING_OFF_CQ_RING => length <= RoundToPage(_ringLength) ? (nint)_ring : -EINVAL,
            IORING_OFF_SQES => length <= RoundToPage(_submissionEntries * 64) ? (nint)_submissions : -EINVAL,
            _ => -EINVAL,
        };
    }

    public void AddQueue(uint id, EmulatedInterfaceQueue queue, nint kernelRegion)
    {
        _queues.Add(id, queue);
        if (kernelRegion != 0)
        {
            _queueRegions.Add(id, kernelRegion);
        }
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
                // Rounded up: a wait may be longer than asked for, never shorter.
                deadline = Environment.TickCount64 + (timespec.tv_sec * 1000) + ((timespec.tv_nsec + 999_999) / 1_000_000);
            }
        }

        int submitted = Submit(toSubmit);
        int waited = 0;
        if ((flags & IORING_ENTER_GETEVENTS) != 0)
        {
            waited = GetEvents(uint.Min(minComplete, _completionEntries), deadline);
        }

        PublishCompletions();
        return submitted > 0 ? submitted : waited;
    }

    /// <summary>One more mapping of its memory.</summary>
    public void AddUser() => Interlocked.Increment(ref _users);

    /// <summary>The descriptor is closed, or a mapping has ended; with the last of them the ring goes.</summary>
    public void RemoveUser()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            Dispose();
        }
    }

    /// <summary>Nobody uses the ring any more: requests end without completions, queues lose a user, memory goes.</summary>
    public void Dispose()
    {
        foreach (EmulatedRequest request in _requests)
        {
            if (request.IsActive)
            {
                Retire(request);
            }
        }

        foreach (EmulatedInterfaceQueue queue in _queues.Values)
        {
            queue.RemoveUser(this);
        }

        _queues.Clear();
        _poller.Dispose();
        if (_remoteSignal >= 0)
        {
            _ = Libc.Close(_remoteSignal);
        }

        foreach (nint region in _queueRegions.Values)
        {
            NativeMemory.AlignedFree((void*)region);
        }

        NativeMemory.AlignedFree(_ring);
        NativeMemory.AlignedFree(_submissions);
    }

    private static nuint RoundToPage(nuint length)
    {
        nuint page = (nuint)Environment.SystemPageSize;
        return (length + page - 1) / page * page;
    }
}
