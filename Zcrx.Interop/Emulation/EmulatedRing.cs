using System.Runtime.InteropServices;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Kernel;
using static Zcrx.Interop.Abi.Errno;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Interop.Emulation;

/// <summary>Represents one emulated ring: takes submissions, waits, and runs the requests whose files are ready.</summary>
/// <remarks>
/// Everything runs inside <see cref="Enter"/> on the issuer's thread, as with DEFER_TASKRUN, so no lock is needed.
/// </remarks>
internal sealed unsafe class EmulatedRing : IDisposable
{
    // IOSQE_ASYNC
    private const byte AsyncFlag = 1 << 4;

    private readonly EmulatedKernelOptions _options;
    private readonly uint _setupFlags;
    private readonly EmulatedRingMemory _memory;
    private readonly EmulatedPoller _poller = new();
    private readonly EmulatedCompletions _completions;
    private readonly EmulatedRequests _requests;
    private readonly EmulatedFileOperations _files;
    private readonly EmulatedReceive _receive;
    private readonly EmulatedRemotePosts _remote;
    private readonly Dictionary<uint, EmulatedInterfaceQueue> _queues = [];
    private readonly Dictionary<uint, nint> _queueRegions = [];
    private readonly object _issuer = Threads.Current;
    // The descriptor and the mappings.
    private int _users = 1;
    private bool _isLeftOver;

    public EmulatedRing(EmulatedKernelOptions options, io_uring_params* parameters)
    {
        _options = options;
        _setupFlags = parameters->flags;
        _memory = new EmulatedRingMemory(parameters);
        _completions = new EmulatedCompletions(_memory, HasFlag(IORING_SETUP_CQE_MIXED));
        _requests = new EmulatedRequests(_memory, _completions, _poller, options);
        _files = new EmulatedFileOperations(_requests, _completions);
        _receive = new EmulatedReceive(_requests, _completions, _poller, _queues, options);
        _remote = new EmulatedRemotePosts(_poller, _completions);
    }

    /// <summary>Gets a negative errno when the ring could not be created.</summary>
    public int Status => _poller.Status;

    /// <summary>Gets a value indicating whether notifications are lost, as when the kernel cannot allocate one. The type stays armed.</summary>
    public bool LosesNotifications => _options.Faults?.DropNotifications ?? false;

    public bool HasFlag(uint setupFlag) => (_setupFlags & setupFlag) != 0;

    /// <summary>Gets the busy polling that is registered.</summary>
    public EmulatedNapi Napi { get; } = new();

    /// <summary>Gets the interface queues that this ring registered or imported, by zcrx id.</summary>
    public Dictionary<uint, EmulatedInterfaceQueue> Queues => _queues;

    /// <summary>Gets a value indicating whether the calling thread may use the ring: with SINGLE_ISSUER only the one that created it.</summary>
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

    /// <summary>Lets other threads' rings deliver this ring's notifications. Called at registration.</summary>
    public void EnableRemotePosts() => _remote.Enable();

    /// <summary>Posts a notification of an interface queue. Called on this ring's thread or, for an importer's traffic, on another.</summary>
    public void PostFromQueue(ulong userData, int type)
    {
        if (IsIssuer)
        {
            _completions.Post(userData, type, 0);
            return;
        }

        _remote.Post(userData, type);
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
                // Rounded up: a wait may be longer than requested, never shorter.
                deadline = Environment.TickCount64 + (timespec.tv_sec * 1000) + ((timespec.tv_nsec + 999_999) / 1_000_000);
            }
        }

        int submitted = Submit(toSubmit);
        int waited = 0;
        if ((flags & IORING_ENTER_GETEVENTS) != 0)
        {
            waited = GetEvents(uint.Min(minComplete, _memory.CompletionEntries), deadline);
        }

        _completions.Publish();
        return submitted > 0 ? submitted : waited;
    }

    /// <summary>Counts one more mapping of the ring's memory.</summary>
    public void AddUser() => Interlocked.Increment(ref _users);

    /// <summary>Counts the end of the descriptor or of a mapping. The last one frees the ring.</summary>
    public void RemoveUser()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            Dispose();
        }
    }

    /// <summary>Ends the ring: requests end without completions, queues lose a user, memory is freed.</summary>
    public void Dispose()
    {
        _requests.RetireAll();
        foreach (EmulatedInterfaceQueue queue in _queues.Values)
        {
            queue.RemoveUser(this);
        }

        _queues.Clear();
        _poller.Dispose();
        _remote.Dispose();
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
            Issue(_memory.TakeSubmission());
        }

        return (int)count;
    }

    private void Issue(in io_uring_sqe entry)
    {
        // A worker would make no visible difference: what is possible at once happens at once, and the rest waits for its file.
        int result = (entry.flags & ~AsyncFlag) != 0
            ? -EINVAL
            : entry.opcode switch
            {
                IORING_OP_NOP => 0,
                IORING_OP_POLL_ADD => _files.IssuePoll(entry),
                IORING_OP_ACCEPT => _files.IssueAccept(entry),
                IORING_OP_READ => _files.IssueRead(entry),
                IORING_OP_RECV_ZC => _receive.Issue(entry),
                IORING_OP_ASYNC_CANCEL => _requests.Cancel(entry),
                IORING_OP_CLOSE => Libc.Close(entry.fd),
                IORING_OP_SHUTDOWN => SocketCalls.Shutdown(entry.fd, (int)entry.len),
                _ => -EINVAL,
            };
        if (result != EmulatedRequests.Pending)
        {
            _completions.Post(entry.user_data, result, 0);
        }
    }

    private int GetEvents(uint minComplete, long deadline)
    {
        _completions.FlushOverflow();
        _isLeftOver = _poller.HasEvents;
        while (true)
        {
            bool enough = _completions.Ready >= minComplete;
            if (!_poller.HasEvents)
            {
                long left = deadline < 0 ? -1 : long.Max(deadline - Environment.TickCount64, 0);
                long retry = _receive.RetryDelayed();
                left = retry < 0 ? left : left < 0 ? retry : long.Min(left, retry);
                int events = _poller.Wait(enough ? 0 : (int)long.Min(left, int.MaxValue));
                if (events == -EINTR)
                {
                    return events;
                }

                _isLeftOver = false;
            }

            RunReady();
            if (_completions.Ready >= minComplete)
            {
                return 0;
            }

            if (!_poller.HasEvents && deadline >= 0 && Environment.TickCount64 >= deadline)
            {
                return -ETIME;
            }
        }
    }

    /// <summary>Runs ready requests until a turn's completions are posted.</summary>
    /// <remarks>
    /// No more than that: received bytes should be consumed while they are in the processor's cache, and their buffers reused.
    /// The rest is left over for the next call without another wait: epoll reports in the same order every time, so the last would starve.
    /// </remarks>
    private void RunReady()
    {
        uint start = _completions.Tail;
        while (_completions.Tail - start < (uint)_options.BuffersPerTurn && _poller.TryTake(out ulong data, out uint events))
        {
            Run(data, events);
        }
    }

    private void Run(ulong data, uint events)
    {
        if (data == EmulatedRemotePosts.Signal)
        {
            _remote.Drain();
            return;
        }

        if (_requests.Find(data) is not { } request)
        {
            return;
        }

        switch (request.Opcode)
        {
            case IORING_OP_RECV_ZC:
                _receive.Run(request, events, isFirst: false);
                break;
            case IORING_OP_ACCEPT:
                _files.RunAccept(request);
                break;
            case IORING_OP_READ:
                _files.RunRead(request);
                break;
            default:
                _files.RunPoll(request, events, _isLeftOver);
                break;
        }
    }
}
