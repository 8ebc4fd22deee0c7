using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Akka.IO;
using Zcrx.Benchmarks.Traffic;

namespace Zcrx.Benchmarks.Receivers;

/// <summary>Does the same work for every receiver: counts each chunk and reads its first byte, or all of its bytes if requested.</summary>
/// <remarks>Threading: the receiver of the connection writes, on one thread at a time. The sampling thread reads.</remarks>
internal sealed class ConnectionMeter(bool readsAll)
{
    private Padded _state;

    public long Bytes => Volatile.Read(ref _state.Bytes);

    public ulong Sum => _state.Sum;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Count(ReadOnlySpan<byte> chunk)
    {
        _state.Sum += readsAll ? ByteSum.Of(chunk) : chunk[0];
        Volatile.Write(ref _state.Bytes, _state.Bytes + chunk.Length);
    }

    /// <summary>Counts a chunk of Akka.</summary>
    public void Count(ByteString chunk)
    {
        if (readsAll)
        {
            // A ByteString does not expose its memory: reading more than one byte requires a copy.
            Count(chunk.ToArray());
        }
        else
        {
            Count(chunk[0], chunk.Count);
        }
    }

    /// <summary>Counts a frame whose prefix was removed.</summary>
    public void CountFrame(ReadOnlySequence<byte> content)
    {
        Span<byte> prefix = stackalloc byte[Payload.PrefixLength];
        BinaryPrimitives.WriteInt32BigEndian(prefix, (int)content.Length);
        Count(prefix);
        foreach (ReadOnlyMemory<byte> part in content)
        {
            Count(part.Span);
        }
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
