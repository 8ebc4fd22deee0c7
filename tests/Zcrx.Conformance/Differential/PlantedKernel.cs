using Zcrx.Interop;
using Zcrx.Interop.Abi;
using static Zcrx.Interop.Abi.LinuxIoUring;
using static Zcrx.Interop.Abi.LinuxIoUringZcrx;

namespace Zcrx.Conformance.Differential;

/// <summary>Represents a kernel that answers one control operation differently, to test the search for differences.</summary>
internal sealed unsafe class PlantedKernel(IIoUringKernel kernel, uint operation, Func<int, int> answer, bool isDone) : IIoUringKernel
{
    public string Description => kernel.Description + ", with a mistake";

    public int Setup(uint entries, io_uring_params* parameters) => kernel.Setup(entries, parameters);

    public int Enter(int ringFd, uint toSubmit, uint minComplete, uint flags, void* argument, nuint argumentSize) =>
        kernel.Enter(ringFd, toSubmit, minComplete, flags, argument, argumentSize);

    public int Register(int ringFd, uint opcode, void* argument, uint argumentCount) =>
        opcode == IORING_REGISTER_ZCRX_CTRL && argument != null && ((zcrx_ctrl*)argument)->op == operation
            ? answer(isDone ? kernel.Register(ringFd, opcode, argument, argumentCount) : 0)
            : kernel.Register(ringFd, opcode, argument, argumentCount);

    public nint Map(int ringFd, nuint length, ulong offset) => kernel.Map(ringFd, length, offset);

    public int Unmap(nint address, nuint length) => kernel.Unmap(address, length);

    public int Close(int fd) => kernel.Close(fd);

    public int InterfaceIndex(string name) => kernel.InterfaceIndex(name);

    /// <summary>Creates a kernel that accepts every request to arm a notification, even if the notification is already armed.</summary>
    public static PlantedKernel ArmsAlways(IIoUringKernel kernel) => new(kernel, ZCRX_CTRL_ARM_EVENT, _ => 0, isDone: true);

    /// <summary>Creates a kernel that reports success for a flush but consumes no refill entries.</summary>
    public static PlantedKernel NeverFlushes(IIoUringKernel kernel) => new(kernel, ZCRX_CTRL_FLUSH_RQ, result => result, isDone: false);
}
