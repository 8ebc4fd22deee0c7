using Zcrx.Interop.Abi;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Interop.Tests.Multishot;

/// <summary>Passes all calls to the machine's kernel, but creates rings with fewer entries. Their completion rings then overflow.</summary>
internal sealed unsafe class ShortRingKernel(uint submissionEntries, uint completionEntries) : IIoUringKernel
{
    private readonly LinuxKernel _kernel = new();
    private readonly Dictionary<int, uint> _flagOffsets = [];
    private readonly Dictionary<int, nint> _rings = [];

    /// <summary>Gets the number of calls after which completions waited in the kernel, because the ring was full.</summary>
    public int Overflows { get; private set; }

    public string Description => _kernel.Description;

    public int Setup(uint entries, io_uring_params* parameters)
    {
        parameters->cq_entries = uint.Min(parameters->cq_entries, completionEntries);
        int fd = _kernel.Setup(uint.Min(entries, submissionEntries), parameters);
        _flagOffsets[fd] = parameters->sq_off.flags;
        return fd;
    }

    public int Enter(int ringFd, uint toSubmit, uint minComplete, uint flags, void* argument, nuint argumentSize)
    {
        int result = _kernel.Enter(ringFd, toSubmit, minComplete, flags, argument, argumentSize);
        uint state = Volatile.Read(ref *(uint*)(_rings[ringFd] + (nint)_flagOffsets[ringFd]));
        Overflows += (state & IORING_SQ_CQ_OVERFLOW) != 0 ? 1 : 0;
        return result;
    }

    public int Register(int ringFd, uint opcode, void* argument, uint argumentCount) => _kernel.Register(ringFd, opcode, argument, argumentCount);

    public nint Map(int ringFd, nuint length, ulong offset)
    {
        nint address = _kernel.Map(ringFd, length, offset);
        if (offset == IORING_OFF_SQ_RING)
        {
            _rings[ringFd] = address;
        }

        return address;
    }

    public int Unmap(nint address, nuint length) => _kernel.Unmap(address, length);

    public int InterfaceIndex(string name) => _kernel.InterfaceIndex(name);

    public int Close(int fd) => _kernel.Close(fd);
}
