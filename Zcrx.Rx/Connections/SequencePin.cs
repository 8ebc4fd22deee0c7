using System.Buffers;

namespace Zcrx.Rx.Connections;

/// <summary>Pins the memory of all pieces of a sequence, until it is disposed.</summary>
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
            // The piece belongs to a lease that has been released, so it cannot be pinned.
            Dispose();
            throw;
        }
    }

    public void Dispose() => _pins.ForEach(static pin => pin.Dispose());
}
