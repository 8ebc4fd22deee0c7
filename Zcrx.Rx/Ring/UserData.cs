using System.Runtime.CompilerServices;

namespace Zcrx.Rx.Ring;

/// <summary>
/// Represents the <c>user_data</c> of a request: kind (8 bits), generation (24), slot (32). Encoded and decoded here only.
/// </summary>
/// <remarks>The generation changes with each reuse of a slot, so that a completion of an earlier use is recognized and dropped.</remarks>
internal readonly record struct UserData(RequestKind Kind, uint Generation, int Slot)
{
    public const uint GenerationMask = 0xff_ffff;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Encode() => ((ulong)Kind << 56) | ((ulong)(Generation & GenerationMask) << 32) | (uint)Slot;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static UserData Decode(ulong value) => new((RequestKind)(value >> 56), (uint)(value >> 32) & GenerationMask, (int)(uint)value);
}
