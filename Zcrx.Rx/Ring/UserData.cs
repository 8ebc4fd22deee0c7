using System.Runtime.CompilerServices;

namespace Zcrx.Rx.Ring;

/// <summary>
/// Represents the <c>user_data</c> of a request. It contains the kind of the request (8 bits), a generation (24 bits) and a slot (32 bits).
/// </summary>
/// <remarks>
/// The generation changes with each reuse of a slot. A late completion of an earlier use therefore has another generation and is dropped.
/// </remarks>
internal readonly record struct UserData(RequestKind Kind, uint Generation, int Slot)
{
    public const uint GenerationMask = 0xff_ffff;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Encode() => ((ulong)Kind << 56) | ((ulong)(Generation & GenerationMask) << 32) | (uint)Slot;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static UserData Decode(ulong value) => new((RequestKind)(value >> 56), (uint)(value >> 32) & GenerationMask, (int)(uint)value);
}
