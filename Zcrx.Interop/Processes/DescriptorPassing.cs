using System.Runtime.InteropServices;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Kernel;

namespace Zcrx.Interop.Processes;

/// <summary>Descriptors between processes: sendmsg(2) and recvmsg(2) with SCM_RIGHTS on a Unix socket, for which .NET has nothing.</summary>
/// <remarks>
/// The structures are those of 64-bit Linux, x64 and arm64 alike. Where a C library declares a length narrower than the kernel does (musl), the
/// rest is padding that lies above it and is zero here. Source: unix(7), cmsg(3).
/// </remarks>
internal static unsafe partial class DescriptorPassing
{
    /// <summary>SCM_MAX_FD: more do not go into one message.</summary>
    public const int MaxDescriptors = 253;

    private const string Library = "libc";
    private const int SolSocket = 1;
    private const int ScmRights = 1;
    private const int MsgDontWait = 0x40;
    private const int MsgNoSignal = 0x4000;
    private const int MsgCloseOnExec = 0x4000_0000;
    private const int ControlCapacity = 16 + (((MaxDescriptors * sizeof(int)) + 7) & ~7);

    /// <summary>Sends bytes, and descriptors with the first of them. Does not wait.</summary>
    /// <param name="socket">A connected Unix stream socket.</param>
    /// <param name="bytes">At least one byte.</param>
    /// <param name="descriptors">What the receiver gets duplicates of; they stay the caller's.</param>
    /// <returns>How many bytes were sent, or a negative errno. Descriptors go with the first byte, once.</returns>
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
            return (int)Libc.Result(sendmsg(socket, &header, MsgDontWait | MsgNoSignal));
        }
    }

    /// <summary>Receives bytes, and the descriptors that came with them. Does not wait.</summary>
    /// <param name="socket">A connected Unix stream socket.</param>
    /// <param name="bytes">Where they go.</param>
    /// <param name="descriptors">Gets the descriptors, close-on-exec; they are the caller's.</param>
    /// <returns>How many bytes, 0 at the end, or a negative errno.</returns>
    public static int Receive(int socket, Span<byte> bytes, List<int> descriptors)
    {
        byte* control = stackalloc byte[ControlCapacity];
        fixed (byte* first = bytes)
        {
            IoVector vector = new() { Base = (nint)first, Length = (nuint)bytes.Length };
            MessageHeader header = new() { Vectors = &vector, VectorCount = 1, Control = (nint)control, ControlLength = ControlCapacity };
            int received = (int)Libc.Result(recvmsg(socket, &header, MsgDontWait | MsgCloseOnExec));
            if (received >= 0)
            {
                Collect(control, header.ControlLength, descriptors);
            }

            return received;
        }
    }

    /// <summary>Closes descriptors that nobody wants.</summary>
    public static void CloseAll(List<int> descriptors)
    {
        foreach (int descriptor in descriptors)
        {
            _ = Libc.Close(descriptor);
        }

        descriptors.Clear();
    }

    /// <summary>Whether an errno only says that the socket would have had to wait.</summary>
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

    /// <summary><c>struct cmsghdr</c>; the data begins right behind it.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct ControlHeader
    {
        public nuint Length;
        public int Level;
        public int Type;
    }
}
