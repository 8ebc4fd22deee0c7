using System.Buffers;
using Zcrx.Interop.Leases;

namespace Zcrx.Rx.Framing;

/// <summary>
/// Checks each access to the memory of one borrowed frame. The borrow ends with the observer's <c>OnNext</c>. Used only if
/// <c>CheckBorrows</c> is on.
/// </summary>
internal sealed class FrameLoan : Loan, IDisposable
{
    private volatile bool _ended;

    public override void Check()
    {
        if (_ended)
        {
            throw new ObjectDisposedException("frame", "The frame was lent for the duration of OnNext, and its buffers have returned to the pool. Call Retain() or ToArray() inside OnNext to use it later.");
        }
    }

    /// <summary>Ends the borrow, so that every later access to the frame's memory throws.</summary>
    public void Dispose() => _ended = true;

    /// <summary>Returns the frame's bytes as memory that checks each access.</summary>
    public ReadOnlySequence<byte> Lend(in ReadOnlySequence<byte> frame)
    {
        if (frame.IsSingleSegment)
        {
            return new ReadOnlySequence<byte>(new BorrowedMemory(frame.First, this).Memory);
        }

        FrameSegment? first = null;
        FrameSegment? last = null;
        long position = 0;
        foreach (ReadOnlyMemory<byte> piece in frame)
        {
            FrameSegment segment = new();
            segment.Set(new BorrowedMemory(piece, this).Memory, position);
            position += piece.Length;
            first ??= segment;
            if (last is not null)
            {
                last.Following = segment;
            }

            last = segment;
        }

        return new ReadOnlySequence<byte>(first!, 0, last!, last!.Length);
    }
}
