using Zcrx.Interop;
using Zcrx.Interop.Leases;
using Zcrx.Rx.Framing;

namespace Zcrx.Rx.Operators;

/// <summary>Leases borrowed items of one kind, for operators that treat buffers and frames alike.</summary>
/// <typeparam name="TBorrowed">The borrowed item.</typeparam>
/// <typeparam name="TLease">The lease of the item.</typeparam>
internal abstract class Leasing<TBorrowed, TLease>
    where TLease : class, IDisposable
{
    /// <summary>Leases an item.</summary>
    public abstract TLease Retain(in TBorrowed item);

    /// <summary>Returns the holder through which the source of an item is paused.</summary>
    public abstract BufferHolder HolderOf(in TBorrowed item);

    /// <summary>Returns the same as <see cref="HolderOf"/>, for libraries that build on this one.</summary>
    public IBufferSource SourceOf(in TBorrowed item) => HolderOf(in item);

    public abstract long LengthOf(TLease lease);

    /// <summary>Returns the maximum number of bytes of the next item, or 0 if the source calls the gate before each item.</summary>
    public abstract long MostBytes(in TBorrowed item);

    /// <summary>Makes the source call the gate before each item, if the source supports that.</summary>
    public abstract void Attach(in TBorrowed item, IFrameGate gate);
}
