using System.Buffers;
using Zcrx.Interop;
using Zcrx.Interop.Leases;

namespace Zcrx.Rx.Operators;

/// <summary>Represents one lease, or the copy that has replaced it, as a link of a sequence.</summary>
internal sealed class LeaseSegment : ReadOnlySequenceSegment<byte>
{
    private BufferLease? _lease;
    private IByteBudget? _budget;

    public LeaseSegment(BufferLease lease, LeaseSegment? previous)
    {
        _lease = lease;
        StreamOffset = lease.StreamOffset;
        Memory = lease.Memory;
        if (previous is not null)
        {
            RunningIndex = previous.RunningIndex + previous.Memory.Length;
            previous.Next = this;
        }
    }

    /// <summary>Gets the stream offset of the first byte.</summary>
    public long StreamOffset { get; }

    public long End => RunningIndex + Memory.Length;

    public LeaseSegment? NextSegment => (LeaseSegment?)Next;

    /// <summary>Gets a value indicating whether the bytes lie in a leased buffer.</summary>
    public bool IsLeased => _lease is not null;

    /// <summary>Copies the bytes, and releases the buffer. Must not be called while a sequence over the segment is in use.</summary>
    /// <param name="budget">The budget to which the caller has added the copy. <see cref="Release"/> subtracts it. Null for none.</param>
    public void Copy(IByteBudget? budget)
    {
        if (_lease is { } lease)
        {
            Memory = Memory.ToArray();
            _budget = budget;
            _lease = null;
            lease.Dispose();
        }
    }

    /// <summary>Releases the buffer, or the room that the copy has taken of the budget.</summary>
    public void Release()
    {
        _lease?.Dispose();
        _budget?.Add(-Memory.Length);
    }
}
