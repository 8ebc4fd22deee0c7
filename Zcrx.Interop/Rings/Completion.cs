using System.Runtime.InteropServices;
using Zcrx.Interop.Abi;

namespace Zcrx.Interop;

/// <summary>Represents one 32-byte completion in the ring.</summary>
/// <remarks>Valid until <see cref="CompletionQueue.Advance"/> returns its slot to the kernel.</remarks>
[StructLayout(LayoutKind.Explicit, Size = CompletionQueue.EntrySize)]
public readonly struct Completion
{
    [FieldOffset(0)] private readonly io_uring_cqe _cqe;
    [FieldOffset(16)] private readonly io_uring_zcrx_cqe _zcrx;

    /// <summary>Gets the user data of the request.</summary>
    public ulong UserData => _cqe.user_data;

    /// <summary>Gets the result of the request: a number of bytes, a descriptor, zero, or a negative errno.</summary>
    public int Result => _cqe.res;

    /// <summary>Gets the flags (<c>IORING_CQE_F_*</c>).</summary>
    public uint Flags => _cqe.flags;

    /// <summary>Gets a value indicating whether the request continues; false for the last completion of a request.</summary>
    public bool HasMore => (_cqe.flags & LinuxIoUring.IORING_CQE_F_MORE) != 0;

    /// <summary>
    /// Gets the offset of received data. It contains the area id in the top 16 bits and the byte offset in the area in the other bits.
    /// </summary>
    public ulong BufferOffset => _zcrx.off;
}
