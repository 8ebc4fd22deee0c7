using System.Buffers;
using Zcrx.Interop;
using Zcrx.Interop.Leases;

namespace Zcrx.Rx.Operators;

/// <summary>Represents one lease as a link of a sequence. A copy of the bytes may replace the lease.</summary>
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

    /// <summary>Gets the stream offset of the segment's first byte.</summary>
    public long StreamOffset { get; }

    public long End => RunningIndex + Memory.Length;

    public LeaseSegment? NextSegment => (LeaseSegment?)Next;

    /// <summary>Gets a value indicating whether the bytes lie in a leased buffer and not in a copy.</summary>
    public bool IsLeased => _lease is not null;

    /// <summary>Replaces the lease by a copy of its bytes. Must not be called while a sequence over the segment is in use.</summary>
    /// <param name="budget">
    /// The budget that already counts the copy; null for none. <see cref="Release"/> subtracts the copy from it.
    /// </param>
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

    /// <summary>Releases the lease, or subtracts the copy from its budget.</summary>
    public void Release()
    {
        _lease?.Dispose();
        _budget?.Add(-Memory.Length);
    }
}
