using Zcrx.Interop;
using Zcrx.Interop.Abi;
using static Zcrx.Interop.Abi.LinuxIoUring;
using static Zcrx.Interop.Abi.LinuxIoUringZcrx;

namespace Zcrx.Rx.Tests.Support;

/// <summary>Represents a kernel without sockets, for tests and benchmarks of the user-space side of a ring.</summary>
/// <remarks>
/// The emulated kernel sets up the ring and its memory. Derived classes implement enter and flush. The benchmarks compile this file, too.
/// </remarks>
internal abstract unsafe class UserSideKernel : IIoUringKernel
{
    private readonly EmulatedKernel _inner = new();

    private io_uring_params _parameters;

    public abstract string Description { get; }

    /// <summary>Gets the address of the area, in which buffers lie.</summary>
    public byte* Area { get; private set; }

    protected ref readonly io_uring_params Parameters => ref _parameters;

    protected byte* Ring { get; private set; }

    protected io_uring_sqe* Submissions { get; private set; }

    protected uint* CompletionTail => (uint*)(Ring + _parameters.cq_off.tail);

    protected byte* RefillRegion { get; private set; }

    protected io_uring_zcrx_offsets RefillOffsets { get; private set; }

    protected uint RefillEntries { get; private set; }

    protected uint* RefillHead => (uint*)(RefillRegion + RefillOffsets.head);

    protected uint* RefillTail => (uint*)(RefillRegion + RefillOffsets.tail);

    public int Setup(uint entries, io_uring_params* parameters)
    {
        int fd = _inner.Setup(entries, parameters);
        _parameters = *parameters;
        return fd;
    }

    public nint Map(int ringFd, nuint length, ulong offset)
    {
        nint address = _inner.Map(ringFd, length, offset);
        if (offset == IORING_OFF_SQES)
        {
            Submissions = (io_uring_sqe*)address;
        }
        else
        {
            Ring = (byte*)address;
        }

        return address;
    }

    public int Register(int ringFd, uint opcode, void* argument, uint argumentCount)
    {
        if (opcode == IORING_REGISTER_ZCRX_CTRL && ((zcrx_ctrl*)argument)->op == ZCRX_CTRL_FLUSH_RQ)
        {
            ConsumeRefill();
            return 0;
        }

        int result = _inner.Register(ringFd, opcode, argument, argumentCount);
        if (result >= 0 && opcode == IORING_REGISTER_ZCRX_IFQ)
        {
            io_uring_zcrx_ifq_reg* registration = (io_uring_zcrx_ifq_reg*)argument;
            Area = (byte*)((io_uring_zcrx_area_reg*)registration->area_ptr)->addr;
            RefillRegion = (byte*)((io_uring_region_desc*)registration->region_ptr)->user_addr;
            RefillOffsets = registration->offsets;
            RefillEntries = registration->rq_entries;
        }

        return result;
    }

    public abstract int Enter(int ringFd, uint toSubmit, uint minComplete, uint flags, void* argument, nuint argumentSize);

    public int Unmap(nint address, nuint length) => _inner.Unmap(address, length);

    public int InterfaceIndex(string name) => _inner.InterfaceIndex(name);

    public virtual int Close(int fd) => _inner.Close(fd);

    /// <summary>Consumes all published refill entries.</summary>
    public abstract void ConsumeRefill();

    /// <summary>Consumes the next submission queue entry and returns it.</summary>
    protected ref io_uring_sqe Submission()
    {
        uint* head = (uint*)(Ring + _parameters.sq_off.head);
        ref io_uring_sqe entry = ref Submissions[*head & (_parameters.sq_entries - 1)];
        Volatile.Write(ref *head, *head + 1);
        return ref entry;
    }
}
