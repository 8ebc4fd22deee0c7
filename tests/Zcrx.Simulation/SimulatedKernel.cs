using Zcrx.Interop;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Emulation;

namespace Zcrx.Simulation;

/// <summary>
/// Represents the emulated kernel with calls that never block. The simulation decides when a sleeping ring thread enters the kernel again.
/// </summary>
internal sealed unsafe class SimulatedKernel(EmulatedKernelOptions options, VirtualClock clock) : INicKernel
{
    // callerKeepsSockets is true, as in EngineChoice.CreateKernel, so that the simulation runs the code of real queues.
    private readonly EmulatedKernel _kernel = new(options, callerKeepsSockets: true);
    private readonly HashSet<int> _open = [];

    public INicControl Nics => _kernel.Nics;

    public string Description => _kernel.Description;

    /// <summary>Gets or sets a value indicating whether a wait advances the time. Needed when the caller waits in its own loop.</summary>
    public bool WaitsPassTime { get; set; }

    /// <summary>Gets the timeout of the last enter; null for no limit.</summary>
    public TimeSpan? Timeout { get; private set; }

    /// <summary>Gets the number of submissions so far.</summary>
    public long Submissions { get; private set; }

    /// <summary>Gets the number of rings and exports that are open.</summary>
    public int OpenDescriptors => _open.Count;

    public int Setup(uint entries, io_uring_params* parameters)
    {
        int fd = _kernel.Setup(entries, parameters);
        if (fd >= 0)
        {
            _open.Add(fd);
        }

        return fd;
    }

    public int Enter(int ringFd, uint toSubmit, uint minComplete, uint flags, void* argument, nuint argumentSize)
    {
        if ((flags & LinuxIoUring.IORING_ENTER_GETEVENTS) == 0)
        {
            Submissions += toSubmit;
            return Entered(ringFd, _kernel.Enter(ringFd, toSubmit, minComplete, flags, argument, argumentSize));
        }

        Timeout = (flags & LinuxIoUring.IORING_ENTER_EXT_ARG) == 0
            ? null
            : TimeSpan.FromTicks((((__kernel_timespec*)((io_uring_getevents_arg*)argument)->ts)->tv_sec * TimeSpan.TicksPerSecond)
                + (((__kernel_timespec*)((io_uring_getevents_arg*)argument)->ts)->tv_nsec / TimeSpan.NanosecondsPerTick));
        Submissions += toSubmit;
        __kernel_timespec none = default;
        io_uring_getevents_arg now = new() { ts = (ulong)&none };
        int result = Entered(
            ringFd, _kernel.Enter(ringFd, toSubmit, minComplete, LinuxIoUring.IORING_ENTER_GETEVENTS | LinuxIoUring.IORING_ENTER_EXT_ARG, &now, (nuint)sizeof(io_uring_getevents_arg)));
        if (result == -Errno.ETIME && WaitsPassTime)
        {
            clock.Advance(Timeout ?? TimeSpan.FromSeconds(1));
        }

        return result;
    }

    public int Register(int ringFd, uint opcode, void* argument, uint argumentCount)
    {
        int result = _kernel.Register(ringFd, opcode, argument, argumentCount);
        if (result >= 0 && opcode == LinuxIoUring.IORING_REGISTER_ZCRX_CTRL && ((zcrx_ctrl*)argument)->op == LinuxIoUringZcrx.ZCRX_CTRL_EXPORT)
        {
            Exports++;
        }

        return result;
    }

    /// <summary>Gets the number of exports that are open.</summary>
    public int Exports { get; private set; }

    /// <summary>Gets the kernel's state of the interface queues.</summary>
    public IEnumerable<EmulatedInterfaceQueue> InterfaceQueues => _kernel.InterfaceQueues;

    /// <summary>Gets the number of sockets that were closed while requests used them.</summary>
    public int LostDescriptors => _kernel.LostDescriptors;

    public nint Map(int ringFd, nuint length, ulong offset) => _kernel.Map(ringFd, length, offset);

    public int Unmap(nint address, nuint length) => _kernel.Unmap(address, length);

    public int InterfaceIndex(string name) => _kernel.InterfaceIndex(name);

    private int Entered(int ringFd, int result)
    {
        if (result == -Errno.EBADF)
        {
            // The descriptor of the ring is already lost, so the ring will not be closed again.
            _open.Remove(ringFd);
        }

        return result;
    }

    public int Close(int fd)
    {
        if (!_open.Remove(fd))
        {
            Exports--;
        }

        return _kernel.Close(fd);
    }
}
