using System.Runtime.InteropServices;
using Zcrx.Interop.Abi;

namespace Zcrx.Interop;

/// <summary>One 32-byte completion as it lies in the ring.</summary>
/// <remarks>Valid until the completion queue is advanced past it.</remarks>
[StructLayout(LayoutKind.Explicit, Size = CompletionQueue.EntrySize)]
public readonly struct Completion
{
    [FieldOffset(0)] private readonly io_uring_cqe _cqe;
    [FieldOffset(16)] private readonly io_uring_zcrx_cqe _zcrx;

    /// <summary>What the request carried.</summary>
    public ulong UserData => _cqe.user_data;

    /// <summary>The result: bytes, a descriptor, zero, or a negative errno.</summary>
    public int Result => _cqe.res;

    /// <summary><c>IORING_CQE_F_*</c>.</summary>
    public uint Flags => _cqe.flags;

    /// <summary>Whether the request goes on; a completion without this is the request's last.</summary>
    public bool HasMore => (_cqe.flags & LinuxIoUring.IORING_CQE_F_MORE) != 0;

    /// <summary>For received data: area id in the top 16 bits, byte offset in the area below.</summary>
    public ulong BufferOffset => _zcrx.off;
}
