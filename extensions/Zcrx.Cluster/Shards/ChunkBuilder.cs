using System.Buffers;

namespace Zcrx.Cluster.Shards;

/// <summary>Collects frames for the next chunk, which is a message with several frames.</summary>
/// <param name="first">The number of the first frame.</param>
/// <param name="maxBytes">The largest number of bytes in a chunk.</param>
internal sealed class ChunkBuilder<T>(long first, int maxBytes)
{
    private const int SmallestBuffer = 1024;

    private readonly List<int> _ends = [];
    private readonly List<T> _tokens = [];
    private byte[] _buffer = [];
    private int _length;

    public int Count => _ends.Count;

    /// <summary>Returns whether another frame fits into the chunk. The first frame always fits.</summary>
    /// <remarks>The length field of each frame counts, too, because the length fields of many short frames add up.</remarks>
    public bool HasRoomFor(long length) => _ends.Count == 0 || _length + length + ((_ends.Count + 1) * sizeof(int)) <= maxBytes;

    public void Add(ReadOnlySequence<byte> frame, T token)
    {
        int length = checked((int)frame.Length);
        Reserve(length);
        frame.CopyTo(_buffer.AsSpan(_length));
        _length += length;
        _ends.Add(_length);
        _tokens.Add(token);
    }

    /// <summary>Returns the chunk with the collected frames. The builder must not be used after this call.</summary>
    public PendingChunk<T> Close()
    {
        byte[] bytes = _buffer.AsSpan(0, _length).ToArray();
        Return();
        return new PendingChunk<T>(first, [.. _ends], bytes, _tokens);
    }

    private void Reserve(int length)
    {
        int needed = checked(_length + length);
        if (needed <= _buffer.Length)
        {
            return;
        }

        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, Math.Max(SmallestBuffer, Math.Min(_buffer.Length * 2, maxBytes))));
        _buffer.AsSpan(0, _length).CopyTo(larger);
        Return();
        _buffer = larger;
    }

    private void Return()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
        }
    }
}
