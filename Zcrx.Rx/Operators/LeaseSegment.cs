using System.Buffers;
using Zcrx.Interop;

namespace Zcrx.Rx.Operators;

/// <summary>One lease as a link of a sequence.</summary>
internal sealed class LeaseSegment : ReadOnlySequenceSegment<byte>
{
    public LeaseSegment(BufferLease lease, LeaseSegment? previous)
    {
        Lease = lease;
        Memory = lease.Memory;
        if (previous is not null)
        {
            RunningIndex = previous.RunningIndex + previous.Memory.Length;
            previous.Next = this;
        }
    }

    public BufferLease Lease { get; }

    public long End => RunningIndex + Memory.Length;

    public LeaseSegment? NextSegment => (LeaseSegment?)Next;
}
