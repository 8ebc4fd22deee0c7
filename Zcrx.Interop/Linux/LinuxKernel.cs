using System.Runtime.InteropServices;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Kernel;
using Zcrx.Interop.Linux;

namespace Zcrx.Interop;

/// <summary>Makes the io_uring system calls of this machine's kernel. Each member makes one call and returns the kernel's result.</summary>
/// <remarks>
/// One instance can serve any number of rings and threads. <see cref="IIoUringKernel"/> states which thread may use a ring. Needs no native
/// library except the C library. Source: io_uring_setup(2), io_uring_enter(2), io_uring_register(2), mmap(2).
/// </remarks>
public sealed unsafe class LinuxKernel : INicKernel
{
    /// <summary>Initializes the kernel interface of this process.</summary>
    /// <exception cref="ZcrxUnsupportedException">This is not 64-bit Linux.</exception>
    public LinuxKernel()
    {
        if (!OperatingSystem.IsLinux() || !Environment.Is64BitProcess)
        {
            throw new ZcrxUnsupportedException(
                "Opening the Linux kernel's io_uring",
                errorNumber: 0,
                $"this process runs on {RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}",
                "Run it on 64-bit Linux");
        }

        Description = "Linux " + HostFacts.ReadKernelRelease();
    }

    /// <inheritdoc/>
    public string Description { get; }

    /// <inheritdoc/>
    /// <remarks>Uses netlink. Operations that netlink lacks use ethtool's ioctl. Changes need CAP_NET_ADMIN.</remarks>
    public INicControl Nics { get; } = new LinuxNics();

    /// <inheritdoc/>
    public int Setup(uint entries, io_uring_params* parameters) => Syscalls.IoUringSetup(entries, parameters);

    /// <inheritdoc/>
    public int Enter(int ringFd, uint toSubmit, uint minComplete, uint flags, void* argument, nuint argumentSize) =>
        Syscalls.IoUringEnter(ringFd, toSubmit, minComplete, flags, argument, argumentSize);

    /// <inheritdoc/>
    public int Register(int ringFd, uint opcode, void* argument, uint argumentCount) =>
        Syscalls.IoUringRegister(ringFd, opcode, argument, argumentCount);

    /// <inheritdoc/>
    /// <remarks>Faults in all pages during the call, so that the first use of the ring has no page faults.</remarks>
    public nint Map(int ringFd, nuint length, ulong offset) =>
        Libc.Map(0, length, Libc.PROT_READ | Libc.PROT_WRITE, Libc.MAP_SHARED | Libc.MAP_POPULATE, ringFd, (nint)offset);

    /// <inheritdoc/>
    public int Unmap(nint address, nuint length) => Libc.Unmap(address, length);

    /// <inheritdoc/>
    public int InterfaceIndex(string name) => Libc.InterfaceIndex(name);

    /// <inheritdoc/>
    public int Close(int fd) => Libc.Close(fd);

    /// <summary>Returns <see cref="Description"/>.</summary>
    /// <returns>For example <c>Linux 7.2.12</c>.</returns>
    public override string ToString() => Description;
}
