using Zcrx.Interop;
using Zcrx.Interop.Abi;

namespace Zcrx.Conformance.Support;

/// <summary>Represents a copy of a completion queue entry.</summary>
internal readonly record struct Cqe(ulong UserData, int Result, uint Flags, ulong Offset)
{
    public bool HasMore => (Flags & LinuxIoUring.IORING_CQE_F_MORE) != 0;

    /// <summary>Gets a value that indicates whether the completion delivers payload.</summary>
    public bool IsData => HasMore && Result > 0;

    public static Cqe From(in Completion completion) => new(completion.UserData, completion.Result, completion.Flags, completion.BufferOffset);

    public override string ToString() => $"[ud {UserData:x} res {Result} flags {Flags:x} off {Offset:x}]";
}
