using Zcrx.Interop.Abi;

namespace Zcrx.Interop.Tests.Multishot;

/// <summary>Passes all calls to the machine's kernel, and records the opcodes of all submitted entries.</summary>
/// <remarks>It requires rings that submit their entries in the order of their indexes.</remarks>
internal sealed unsafe class SubmissionLog : IIoUringKernel
{
    private readonly LinuxKernel _kernel = new();
    private readonly Dictionary<int, Ring> _rings = [];

    /// <summary>Gets the opcodes of the submitted entries, in order.</summary>
    public List<byte> Opcodes { get; } = [];

    public string Description => _kernel.Description;

    public int Setup(uint entries, io_uring_params* parameters)
    {
        int fd = _kernel.Setup(entries, parameters);
        if (fd >= 0)
        {
            _rings[fd] = new Ring { Mask = parameters->sq_entries - 1 };
        }

        return fd;
    }

    public int Enter(int ringFd, uint toSubmit, uint minComplete, uint flags, void* argument, nuint argumentSize)
    {
        Ring ring = _rings[ringFd];
        for (uint i = 0; i < toSubmit; i++)
        {
            Opcodes.Add(((io_uring_sqe*)ring.Entries)[(ring.Head + i) & ring.Mask].opcode);
        }

        ring.Head += toSubmit;
        int result = _kernel.Enter(ringFd, toSubmit, minComplete, flags, argument, argumentSize);
        Assert.True(toSubmit == 0 || result == toSubmit, $"the kernel takes all {toSubmit} entries ({result})");
        return result;
    }

    public int Register(int ringFd, uint opcode, void* argument, uint argumentCount) => _kernel.Register(ringFd, opcode, argument, argumentCount);

    public nint Map(int ringFd, nuint length, ulong offset)
    {
        nint address = _kernel.Map(ringFd, length, offset);
        if (offset == LinuxIoUring.IORING_OFF_SQES)
        {
            _rings[ringFd].Entries = address;
        }

        return address;
    }

    public int Unmap(nint address, nuint length) => _kernel.Unmap(address, length);

    public int InterfaceIndex(string name) => _kernel.InterfaceIndex(name);

    public int Close(int fd) => _kernel.Close(fd);

    private sealed class Ring
    {
        public uint Mask { get; init; }

        public nint Entries { get; set; }

        public uint Head { get; set; }
    }
}
