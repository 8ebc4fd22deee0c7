using Zcrx.Interop;
using Zcrx.Interop.Leases;
using Zcrx.Rx.Framing;

namespace Zcrx.Rx.Operators;

/// <summary>Leases borrowed items of one type. It lets an operator handle buffers and frames with the same code.</summary>
/// <typeparam name="TBorrowed">The type of the borrowed items.</typeparam>
/// <typeparam name="TLease">The type of their leases.</typeparam>
internal abstract class Leasing<TBorrowed, TLease>
    where TLease : class, IDisposable
{
    /// <summary>Leases an item.</summary>
    public abstract TLease Retain(in TBorrowed item);

    /// <summary>Returns the object through which an operator pauses the connection of an item.</summary>
    public abstract BufferHolder HolderOf(in TBorrowed item);

    /// <summary>Returns the same object as <see cref="HolderOf"/>, for libraries that add operators.</summary>
    public IBufferSource SourceOf(in TBorrowed item) => HolderOf(in item);

    public abstract long LengthOf(TLease lease);

    /// <summary>
    /// Returns the largest number of bytes that the next item can have; 0 for frames, whose length is checked before each delivery.
    /// </summary>
    public abstract long MostBytes(in TBorrowed item);

    /// <summary>Makes the source ask the gate before it delivers an item, if the source supports this.</summary>
    public abstract void Attach(in TBorrowed item, IFrameGate gate);
}
