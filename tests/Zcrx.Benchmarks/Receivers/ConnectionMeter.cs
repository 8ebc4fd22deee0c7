using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Zcrx.Benchmarks.Traffic;

namespace Zcrx.Benchmarks.Receivers;

/// <summary>Does the same work for every receiver: counts each chunk and reads its first byte, or all of its bytes if requested.</summary>
/// <remarks>Threading: the receiver of the connection writes, on one thread at a time. The sampling thread reads.</remarks>
internal sealed class ConnectionMeter(bool readsAll)
{
    private Padded _state;

    public long Bytes => Volatile.Read(ref _state.Bytes);

    public ulong Sum => _state.Sum;

    public bool ReadsAll => readsAll;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Count(ReadOnlySpan<byte> chunk)
    {
        _state.Sum += readsAll ? ByteSum.Of(chunk) : chunk[0];
        Volatile.Write(ref _state.Bytes, _state.Bytes + chunk.Length);
    }

    /// <summary>Counts a chunk of which only the first byte is read, for receivers that have no span.</summary>
    public void Count(byte first, int length)
    {
        _state.Sum += first;
        Volatile.Write(ref _state.Bytes, _state.Bytes + length);
    }

    // Occupies two cache lines: connections on different threads do not share one.
    [StructLayout(LayoutKind.Explicit, Size = 128)]
    private struct Padded
    {
        [FieldOffset(64)]
        public long Bytes;

        [FieldOffset(72)]
        public ulong Sum;
    }
}
