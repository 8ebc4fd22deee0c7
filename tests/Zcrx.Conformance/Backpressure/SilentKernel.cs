using Zcrx.Interop;
using Zcrx.Interop.Abi;

namespace Zcrx.Conformance.Backpressure;

/// <summary>Represents a kernel that sends no notifications, although the queue has requested them at its registration.</summary>
internal sealed unsafe class SilentKernel(IIoUringKernel kernel) : IIoUringKernel
{
    public string Description => kernel.Description;

    public int Setup(uint entries, io_uring_params* parameters) => kernel.Setup(entries, parameters);

    public int Enter(int ringFd, uint toSubmit, uint minComplete, uint flags, void* argument, nuint argumentSize) =>
        kernel.Enter(ringFd, toSubmit, minComplete, flags, argument, argumentSize);

    public int Register(int ringFd, uint opcode, void* argument, uint argumentCount)
    {
        if (opcode == LinuxIoUring.IORING_REGISTER_ZCRX_IFQ && ((io_uring_zcrx_ifq_reg*)argument)->event_desc is var events and not 0)
        {
            ((zcrx_event_desc*)events)->type_mask = 0;
        }

        return kernel.Register(ringFd, opcode, argument, argumentCount);
    }

    public nint Map(int ringFd, nuint length, ulong offset) => kernel.Map(ringFd, length, offset);

    public int Unmap(nint address, nuint length) => kernel.Unmap(address, length);

    public int InterfaceIndex(string name) => kernel.InterfaceIndex(name);

    public int Close(int fd) => kernel.Close(fd);
}
