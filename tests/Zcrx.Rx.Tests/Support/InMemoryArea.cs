using Zcrx.Interop;
using Zcrx.Interop.Leases;
using Zcrx.Interop.Memory;

namespace Zcrx.Rx.Tests.Support;

/// <summary>
/// Represents an area in plain memory. Its thread takes the role of the receive loop: it lends buffers, takes them back and lends them
/// again.
/// </summary>
/// <remarks>
/// A returned buffer is overwritten, so a reader that still uses it reads wrong bytes. A second return throws. So does the return of a
/// buffer that was not lent.
/// </remarks>
internal sealed unsafe class InMemoryArea : IDisposable
{
    public const byte Poison = 0xDB;

    private readonly Queue<int> _free = new();
    private readonly bool[] _isOut;
    private readonly MemoryRegion _region;
    private readonly AreaMemory _memory;
    private int _wakes;

    public InMemoryArea(int buffers, int bufferSize, bool recordOrigins = false, bool checkBorrows = true)
    {
        BufferSize = bufferSize;
        _region = MemoryRegion.Allocate((nuint)(buffers * bufferSize), hugePages: false, "a test");
        _memory = new AreaMemory(_region.Address, _region.Length);
        _isOut = new bool[buffers];
        Ledger = new BufferLedger(() => Interlocked.Increment(ref _wakes), recordOrigins, checkBorrows) { Refill = Refill };
        Ledger.AddRegion(_region);
        for (int i = 0; i < buffers; i++)
        {
            _free.Enqueue(i);
        }
    }

    public BufferLedger Ledger { get; }

    /// <summary>
    /// Gets or sets the holder of the connection, which counts its leases. A connection that moves to this area gets a new holder.
    /// </summary>
    public BufferHolder Holder { get; set; } = new();

    public int BufferSize { get; }

    /// <summary>Gets a value that indicates whether the memory is still mapped.</summary>
    public bool IsMapped => _region.Owners > 0;

    /// <summary>Gets the number of buffers that can receive.</summary>
    public int Free => _free.Count;

    /// <summary>Gets the number of times that a release woke the thread of the area.</summary>
    public int Wakes => Volatile.Read(ref _wakes);

    /// <summary>Gets the offsets of the returned buffers, in order.</summary>
    public List<ulong> Returned { get; } = [];

    public bool RecordsReturns { get; set; }

    /// <summary>Copies bytes into a free buffer and starts to lend it, as for OnNext.</summary>
    public ReceivedBuffer Begin(ReadOnlySpan<byte> bytes, long streamOffset, out ulong offset)
    {
        Ledger.Drain();
        if (!_free.TryDequeue(out int index))
        {
            throw new InvalidOperationException("The pool is exhausted.");
        }

        _isOut[index] = true;
        offset = (ulong)index * (ulong)BufferSize;
        byte* address = (byte*)_region.Address + offset;
        bytes.CopyTo(new Span<byte>(address, BufferSize));
        return Ledger.Borrow.Begin(offset, _memory, address, bytes.Length, streamOffset, Holder);
    }

    /// <summary>Starts to lend a leased buffer again, as for OnNext.</summary>
    public ReceivedBuffer BeginLeased(int slot) => Ledger.Borrow.BeginLeased(slot, _memory);

    /// <summary>Ends the lending of a buffer, as after OnNext. Without a lease, the buffer is free again.</summary>
    public void End(ulong offset)
    {
        if (Ledger.Borrow.End())
        {
            Refill(offset);
        }
    }

    /// <summary>Asserts that no buffer is leased and that every buffer is free.</summary>
    public void AssertAllReturned()
    {
        Ledger.Drain();
        if ((Ledger.Leased, Holder.Leased, Free) != (0, 0, _isOut.Length))
        {
            throw new InvalidOperationException($"{Free} of {_isOut.Length} buffers are free; the ledger counts {Ledger.Leased} leased buffers, and their holder {Holder.Leased}.");
        }
    }

    /// <summary>Ends the queue of this area. Buffers may still be leased.</summary>
    public void Close() => Ledger.Close();

    /// <summary>
    /// Ends the queue, unless <see cref="Close"/> has done so. Checks that no buffer is leased, no copy is left and the memory is unmapped.
    /// </summary>
    public void Dispose()
    {
        Close();
        if ((Ledger.Leased, Ledger.LiveCopies, Holder.Leased, IsMapped) != (0, 0, 0, false))
        {
            throw new InvalidOperationException(
                $"{Ledger.Leased} buffers are leased, {Ledger.LiveCopies} copies are left, the holder counts {Holder.Leased}, and the memory is {(IsMapped ? "mapped" : "unmapped")}.");
        }
    }

    private void Refill(ulong offset)
    {
        int index = (int)(offset / (ulong)BufferSize);
        if (!_isOut[index])
        {
            throw new InvalidOperationException($"Buffer {index} was returned twice.");
        }

        _isOut[index] = false;
        new Span<byte>((byte*)_region.Address + offset, BufferSize).Fill(Poison);
        _free.Enqueue(index);
        if (RecordsReturns)
        {
            Returned.Add(offset);
        }
    }
}
