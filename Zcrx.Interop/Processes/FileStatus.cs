using System.Runtime.InteropServices;
using Zcrx.Interop.Kernel;

namespace Zcrx.Interop.Processes;

/// <summary>
/// Represents the status of a file. It is read by statx(2), because the layout of its result is the same on every architecture.
/// </summary>
/// <param name="Mode">The type and the permissions of the file, as in <c>st_mode</c>.</param>
/// <param name="UserId">The user who owns the file.</param>
/// <param name="Length">The length in bytes.</param>
/// <param name="Device">
/// The device of the file. Together with <paramref name="Inode"/>, it identifies the file as long as the file exists.
/// </param>
/// <param name="Inode">The number of the file on <paramref name="Device"/>.</param>
internal readonly partial record struct FileStatus(ushort Mode, uint UserId, ulong Length, ulong Device, ulong Inode)
{
    private const int CurrentDirectory = -100;
    private const int SymlinkNoFollow = 0x100;
    private const int EmptyPath = 0x1000;
    // The flags STATX_TYPE, STATX_MODE, STATX_UID, STATX_INO and STATX_SIZE.
    private const uint Wanted = 0x1 | 0x2 | 0x8 | 0x100 | 0x200;
    private const ushort TypeMask = 0xf000;
    private const ushort SocketType = 0xc000;
    private const ushort RegularType = 0x8000;
    private const ushort DirectoryType = 0x4000;

    public bool IsSocket => (Mode & TypeMask) == SocketType;

    public bool IsRegular => (Mode & TypeMask) == RegularType;

    public bool IsDirectory => (Mode & TypeMask) == DirectoryType;

    /// <summary>Reads the status of a path. Does not follow a symbolic link.</summary>
    /// <returns>Zero and the status, or a negative errno.</returns>
    public static int Of(string path, out FileStatus status) => Of(CurrentDirectory, path, SymlinkNoFollow, out status);

    /// <summary>Reads the status of a path. Follows symbolic links.</summary>
    /// <returns>Zero and the status, or a negative errno.</returns>
    public static int OfTarget(string path, out FileStatus status) => Of(CurrentDirectory, path, 0, out status);

    /// <summary>Reads the status of an open file.</summary>
    /// <returns>Zero and the status, or a negative errno.</returns>
    public static int Of(int fd, out FileStatus status) => Of(fd, "", EmptyPath, out status);

    private static unsafe int Of(int directory, string path, int flags, out FileStatus status)
    {
        status = default;
        StatusBuffer buffer;
        int result = Libc.Result(statx(directory, path, flags, Wanted, &buffer));
        if (result == 0)
        {
            status = new FileStatus(buffer.Mode, buffer.UserId, buffer.Length, ((ulong)buffer.DeviceMajor << 32) | buffer.DeviceMinor, buffer.Inode);
        }

        return result;
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int statx(int directory, string path, int flags, uint mask, StatusBuffer* buffer);

    /// <summary>Mirrors the part of <c>struct statx</c> that is read.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct StatusBuffer
    {
        [FieldOffset(20)]
        public uint UserId;

        [FieldOffset(28)]
        public ushort Mode;

        [FieldOffset(32)]
        public ulong Inode;

        [FieldOffset(40)]
        public ulong Length;

        [FieldOffset(136)]
        public uint DeviceMajor;

        [FieldOffset(140)]
        public uint DeviceMinor;
    }
}
