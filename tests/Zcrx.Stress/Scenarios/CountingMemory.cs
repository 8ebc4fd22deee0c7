using System.Buffers;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Stress.Scenarios;

/// <summary>Contains the bytes of a stream and counts how often they are accessed. Each attempt to send is one access.</summary>
internal sealed class CountingMemory : MemoryManager<byte>
{
    private const int Piece = 1 << 16;

    private readonly byte[] _bytes;
    private int _attempts;

    public CountingMemory(int stream, int length)
    {
        _bytes = new byte[length];
        for (int i = 0; i < length; i += Piece)
        {
            int count = int.Min(Piece, length - i);
            Payload.At(stream, i, count).CopyTo(_bytes.AsSpan(i));
        }
    }

    public int Attempts => Volatile.Read(ref _attempts);

    public override Span<byte> GetSpan()
    {
        Interlocked.Increment(ref _attempts);
        return _bytes;
    }

    public override MemoryHandle Pin(int elementIndex = 0) => _bytes.AsMemory(elementIndex).Pin();

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }
}
