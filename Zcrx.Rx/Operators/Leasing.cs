using Zcrx.Interop;
using Zcrx.Interop.Leases;
using Zcrx.Rx.Framing;

namespace Zcrx.Rx.Operators;

/// <summary>Keeps borrowed items of one kind, for operators that do the same with buffers and frames.</summary>
/// <typeparam name="TBorrowed">The borrowed item.</typeparam>
/// <typeparam name="TLease">What keeps it.</typeparam>
internal abstract class Leasing<TBorrowed, TLease>
    where TLease : class, IDisposable
{
    /// <summary>Keeps an item.</summary>
    public abstract TLease Retain(in TBorrowed item);

    /// <summary>Returns through what its source is held.</summary>
    public abstract BufferHolder HolderOf(in TBorrowed item);

    /// <summary>Returns what <see cref="HolderOf"/> does, for libraries above this one.</summary>
    public IBufferSource SourceOf(in TBorrowed item) => HolderOf(in item);

    public abstract long LengthOf(TLease lease);

    /// <summary>Returns the number of bytes that the next item may have at most; 0 where the source asks the gate before each item.</summary>
    public abstract long MostBytes(in TBorrowed item);

    /// <summary>Lets the source ask before each item, where it can.</summary>
    public abstract void Attach(in TBorrowed item, IFrameGate gate);
}
