using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Akka.IO;
using Zcrx.Benchmarks.Traffic;

namespace Zcrx.Benchmarks.Receivers;

/// <summary>Does the work that is the same for every receiver. It counts each chunk, and reads its first byte or all its bytes.</summary>
/// <remarks>Threading: only the receiver of the connection writes, on one thread at a time. The sampling thread only reads.</remarks>
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

    /// <summary>Counts a chunk that Akka.IO has received.</summary>
    public void Count(ByteString chunk)
    {
        if (readsAll)
        {
            // A ByteString does not give access to its memory, so all its bytes can be read only from a copy.
            Count(chunk.ToArray());
        }
        else
        {
            Count(chunk[0], chunk.Count);
        }
    }

    /// <summary>Counts a frame whose prefix the receiver has removed.</summary>
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

    /// <summary>Counts a chunk of which only the first byte is known. This is for receivers that have no span.</summary>
    public void Count(byte first, int length)
    {
        _state.Sum += first;
        Volatile.Write(ref _state.Bytes, _state.Bytes + length);
    }

    // The counters fill two cache lines, so that connections on different threads never share one.
    [StructLayout(LayoutKind.Explicit, Size = 128)]
    private struct Padded
    {
        [FieldOffset(64)]
        public long Bytes;

        [FieldOffset(72)]
        public ulong Sum;
    }
}
