using System.Buffers;

namespace Zcrx.Rx.Connections;

/// <summary>Pins all pieces of a sequence.</summary>
internal sealed class SequencePin : IDisposable
{
    private readonly List<MemoryHandle> _pins = [];

    public SequencePin(in ReadOnlySequence<byte> bytes)
    {
        try
        {
            foreach (ReadOnlyMemory<byte> piece in bytes)
            {
                _pins.Add(piece.Pin());
            }
        }
        catch
        {
            // The piece belongs to a lease that was released.
            Dispose();
            throw;
        }
    }

    public void Dispose() => _pins.ForEach(static pin => pin.Dispose());
}
