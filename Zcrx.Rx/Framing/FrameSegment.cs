using System.Buffers;
using Zcrx.Interop.Leases;

namespace Zcrx.Rx.Framing;

/// <summary>
/// Represents a piece of an incomplete frame. The piece lies in a leased buffer, in the lent buffer or in an array with copied bytes.
/// </summary>
internal sealed class FrameSegment : ReadOnlySequenceSegment<byte>
{
    /// <summary>Gets or sets the ledger of the leased buffer; null for any other piece.</summary>
    /// <remarks>Each piece has its own ledger, because a connection may move to another queue in the middle of a frame.</remarks>
    public BufferLedger? Ledger { get; set; }

    public int Slot { get; set; }

    /// <summary>
    /// Gets or sets the rented array that contains copied bytes; null for any other piece. <c>Memory</c> is the part of it that is used.
    /// </summary>
    public byte[]? Array { get; set; }

    public int Length => Memory.Length;

    public FrameSegment? Following
    {
        get => (FrameSegment?)Next;
        set => Next = value;
    }

    public void Set(ReadOnlyMemory<byte> memory, long runningIndex)
    {
        Memory = memory;
        RunningIndex = runningIndex;
    }
}
