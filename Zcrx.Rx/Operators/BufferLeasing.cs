using Zcrx.Interop;
using Zcrx.Interop.Leases;
using Zcrx.Rx.Framing;

namespace Zcrx.Rx.Operators;

/// <summary>Leases borrowed buffers.</summary>
internal sealed class BufferLeasing : Leasing<ReceivedBuffer, BufferLease>
{
    public static BufferLeasing Instance { get; } = new();

    public override BufferLease Retain(in ReceivedBuffer item) => item.Retain();

    public override BufferHolder HolderOf(in ReceivedBuffer item) => item.Holder;

    public override long LengthOf(BufferLease lease) => lease.Length;

    public override long MostBytes(in ReceivedBuffer item) => item.Ledger.BufferLength;

    public override void Attach(in ReceivedBuffer item, IFrameGate gate)
    {
    }
}
