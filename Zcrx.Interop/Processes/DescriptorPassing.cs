using System.Runtime.InteropServices;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Kernel;

namespace Zcrx.Interop.Processes;

/// <summary>
/// Passes descriptors between processes over a Unix socket, by sendmsg(2) and recvmsg(2) with SCM_RIGHTS. .NET has no API for this.
/// </summary>
/// <remarks>
/// The structures are those of 64-bit Linux on x64 and arm64. In the C library musl, the length field has half the size, and padding fills
/// the other half. Here that half is zero. Source: unix(7), cmsg(3).
/// </remarks>
internal static unsafe partial class DescriptorPassing
{
    /// <summary>The largest number of descriptors in one message (SCM_MAX_FD).</summary>
    public const int MaxDescriptors = 253;

    private const string Library = "libc";
    private const int SolSocket = 1;
    private const int ScmRights = 1;
    private const int MsgCloseOnExec = 0x4000_0000;
    private const int ControlCapacity = 16 + (((MaxDescriptors * sizeof(int)) + 7) & ~7);

    /// <summary>Sends bytes, and passes descriptors together with the first byte. Does not block.</summary>
    /// <param name="socket">A connected Unix stream socket.</param>
    /// <param name="bytes">The bytes to send, at least one.</param>
    /// <param name="descriptors">The descriptors to pass. The receiver gets duplicates, so the caller still owns its descriptors.</param>
    /// <returns>The number of bytes sent, or a negative errno. All descriptors are passed if at least one byte was sent.</returns>
    public static int Send(int socket, ReadOnlySpan<byte> bytes, ReadOnlySpan<int> descriptors)
    {
        if (descriptors.Length > MaxDescriptors)
        {
            return -Errno.EINVAL;
        }

        byte* control = stackalloc byte[ControlCapacity];
        nuint controlLength = 0;
        if (descriptors.Length > 0)
        {
            nuint length = (nuint)(sizeof(ControlHeader) + (descriptors.Length * sizeof(int)));
            *(ControlHeader*)control = new ControlHeader { Length = length, Level = SolSocket, Type = ScmRights };
            descriptors.CopyTo(new Span<int>(control + sizeof(ControlHeader), descriptors.Length));
            controlLength = Align(length);
        }

        fixed (byte* first = bytes)
        {
            IoVector vector = new() { Base = (nint)first, Length = (nuint)bytes.Length };
            MessageHeader header = new()
            {
                Vectors = &vector,
                VectorCount = 1,
                Control = controlLength == 0 ? 0 : (nint)control,
                ControlLength = controlLength,
            };
            return (int)Libc.Result(sendmsg(socket, &header, Libc.MSG_DONTWAIT | Libc.MSG_NOSIGNAL));
        }
    }

    /// <summary>Receives bytes, and the descriptors that were sent with them. Does not block.</summary>
    /// <param name="socket">A connected Unix stream socket.</param>
    /// <param name="bytes">The buffer for the bytes.</param>
    /// <param name="descriptors">The list to which the descriptors are added. They are close-on-exec and owned by the caller.</param>
    /// <returns>The number of bytes, 0 at the end of the stream, or a negative errno.</returns>
    public static int Receive(int socket, Span<byte> bytes, List<int> descriptors)
    {
        byte* control = stackalloc byte[ControlCapacity];
        fixed (byte* first = bytes)
        {
            IoVector vector = new() { Base = (nint)first, Length = (nuint)bytes.Length };
            MessageHeader header = new() { Vectors = &vector, VectorCount = 1, Control = (nint)control, ControlLength = ControlCapacity };
            int received = (int)Libc.Result(recvmsg(socket, &header, Libc.MSG_DONTWAIT | MsgCloseOnExec));
            if (received >= 0)
            {
                Collect(control, header.ControlLength, descriptors);
            }

            return received;
        }
    }

    /// <summary>Closes received descriptors that the caller does not use.</summary>
    public static void CloseAll(List<int> descriptors)
    {
        foreach (int descriptor in descriptors)
        {
            _ = Libc.Close(descriptor);
        }

        descriptors.Clear();
    }

    /// <summary>Determines whether a call failed only because it would have blocked or was interrupted.</summary>
    public static bool WouldWait(int result) => result is -Errno.EAGAIN or -Errno.EINTR;

    private static void Collect(byte* control, nuint length, List<int> descriptors)
    {
        nuint position = 0;
        while (position + (nuint)sizeof(ControlHeader) <= length)
        {
            ControlHeader* header = (ControlHeader*)(control + position);
            if (header->Length < (nuint)sizeof(ControlHeader) || header->Length > length - position)
            {
                return;
            }

            if (header->Level == SolSocket && header->Type == ScmRights)
            {
                int count = (int)((header->Length - (nuint)sizeof(ControlHeader)) / sizeof(int));
                descriptors.AddRange(new ReadOnlySpan<int>(control + position + sizeof(ControlHeader), count));
            }

            position += Align(header->Length);
        }
    }

    private static nuint Align(nuint length) => (length + 7) & ~(nuint)7;

    [LibraryImport(Library, EntryPoint = "sendmsg", SetLastError = true)]
    private static partial nint sendmsg(int socket, MessageHeader* message, int flags);

    [LibraryImport(Library, EntryPoint = "recvmsg", SetLastError = true)]
    private static partial nint recvmsg(int socket, MessageHeader* message, int flags);

    /// <summary>Mirrors <c>struct cmsghdr</c>. The data follows the header directly.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct ControlHeader
    {
        public nuint Length;
        public int Level;
        public int Type;
    }
}
