using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Zcrx.Conformance.Support;
using Zcrx.Interop.Kernel;

namespace Zcrx.Conformance.Nic;

/// <summary>
/// Represents a dma-buf over memory of this process (<c>linux/udmabuf.h</c>). The process reads the received bytes through its own mapping.
/// </summary>
internal sealed unsafe partial class UserDmaBuf : IDisposable
{
    private const string Device = "/dev/udmabuf";
    private const uint AllowSealing = 2;
    private const int AddSeals = 1033;
    private const int SealShrink = 2;

    // UDMABUF_CREATE: _IOW('u', 0x42, struct udmabuf_create).
    private const nuint CreateRequest = 0x40187542;

    private readonly nint _address;

    private UserDmaBuf(int fd, nint address, nuint length) => (Fd, _address, Length) = (fd, address, length);

    public int Fd { get; }

    public nuint Length { get; }

    [LibraryImport("libc", EntryPoint = "memfd_create", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int memfd_create(string name, uint flags);

    [LibraryImport("libc", EntryPoint = "ftruncate", SetLastError = true)]
    private static partial int ftruncate(int fd, nint length);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int fcntl(int fd, int command, nint argument);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int ioctl(int fd, nuint request, void* argument);

    /// <summary>Creates a dma-buf. If the kernel does not support that, skips the test.</summary>
    public static UserDmaBuf Create(nuint length)
    {
        Skip.IfNot(File.Exists(Device), $"this kernel has no {Device}, which makes a dma-buf out of ordinary memory");
        int memory = Check(memfd_create("zcrx-test", AllowSealing));
        Check(ftruncate(memory, (nint)length));
        Check(fcntl(memory, AddSeals, SealShrink));
        nint address = Libc.Map(0, length, Libc.PROT_READ | Libc.PROT_WRITE, Libc.MAP_SHARED, memory, 0);
        Assert.False(Libc.IsError(address), $"mmap gives {address}");
        CreateArgument argument = new() { Memory = (uint)memory, Size = length };
        using SafeFileHandle device = File.OpenHandle(Device, access: FileAccess.ReadWrite);
        int fd = Check(ioctl((int)device.DangerousGetHandle(), CreateRequest, &argument));
        // The dma-buf now holds a reference to the memory.
        Posix.Close(memory);
        return new UserDmaBuf(fd, address, length);
    }

    public ReadOnlySpan<byte> Span(nuint offset, int length) => new((byte*)_address + offset, length);

    public void Dispose()
    {
        _ = Libc.Unmap(_address, Length);
        Posix.Close(Fd);
    }

    private static int Check(int result) => result >= 0 ? result : throw new InvalidOperationException($"a libc call failed with errno {Marshal.GetLastPInvokeError()}");

    /// <summary><c>struct udmabuf_create</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct CreateArgument
    {
        public uint Memory;
        public uint Flags;
        public ulong Offset;
        public ulong Size;
    }
}
