using Zcrx.Interop.Leases;
using Zcrx.Rx.Framing;

namespace Zcrx.Rx.Operators;

/// <summary>Leases borrowed frames.</summary>
internal sealed class FrameLeasing : Leasing<ReceivedFrame, FrameLease>
{
    public static FrameLeasing Instance { get; } = new();

    public override FrameLease Retain(in ReceivedFrame item) => item.Retain();

    public override BufferHolder HolderOf(in ReceivedFrame item) => item.Holder;

    public override long LengthOf(FrameLease lease) => lease.Length;

    public override long MostBytes(in ReceivedFrame item) => 0;

    public override void Attach(in ReceivedFrame item, IFrameGate gate) => item.Scope.Add(gate);
}
