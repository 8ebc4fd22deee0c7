using System.Runtime.InteropServices;
using Zcrx.Conformance.Support;
using Zcrx.Interop;
using Zcrx.Interop.Kernel;
using static Zcrx.Interop.Abi.Errno;

namespace Zcrx.Conformance.Registration;

public unsafe partial class PermissionTests : IClassFixture<LeakCheck>
{
    private const nint Capget = 125;
    private const nint Capset = 126;
    private const uint CapabilityVersion3 = 0x20080522;
    private const int NetAdmin = 12;

    [SkippableTheory, Kernels]
    public void Only_registration_needs_CAP_NET_ADMIN(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name);
        Skip.If(kernel.IsEmulated, "CAP_NET_ADMIN: the emulated kernel needs no privileges");
        using var setup = new QueueSetup(kernel);
        // Capabilities belong to a thread, so one thread drops them and ends.
        OtherThread.Run(() =>
        {
            DropNetAdmin();
            using var ring = new TestRing(kernel.Kernel);
            Results.Equal(-EPERM, setup.Register(ring));
            Assert.Throws<ZcrxNotPermittedException>(() => InterfaceQueue.Register(ring.Ring, new InterfaceQueueOptions { AreaSize = TestMemory.Page }, kernel.Capabilities));
            ring.Nop(1);
            Assert.Single(ring.Take(1));
            Assert.Equal(CapabilityQueryState.Answered, ZcrxCapabilities.Query(kernel.Kernel).State);
        });
    }

    private static void DropNetAdmin()
    {
        Header header = new() { Version = CapabilityVersion3 };
        Data* data = stackalloc Data[2];
        nint number = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? Capget : 90;
        Assert.Equal(0, Libc.Result(syscall(number, (nint)(&header), (nint)data)));
        data[0].Effective &= ~(1u << NetAdmin);
        number = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? Capset : 91;
        Assert.Equal(0, Libc.Result(syscall(number, (nint)(&header), (nint)data)));
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint syscall(nint number, nint a, nint b);

    [StructLayout(LayoutKind.Sequential)]
    private struct Header
    {
        public uint Version;
        public int Process;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Data
    {
        public uint Effective;
        public uint Permitted;
        public uint Inheritable;
    }
}
