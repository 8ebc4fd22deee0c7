using System.Buffers;
using System.Diagnostics;
using Zcrx.Interop;
using Zcrx.Interop.Leases;

namespace Zcrx.Rx.Framing;

/// <summary>Holds the bytes of an incomplete frame. Copied bytes come first, then leased buffers, and last the lent buffer.</summary>
/// <remarks>
/// Owns each array and one reference to each leased buffer. Not thread-safe, so the caller must have exclusive access. Allocates no memory
/// per frame, because segments are reused and arrays are rented.
/// </remarks>
internal sealed class HeldBytes(int maxBuffers)
{
    private const int SmallestCopy = 256;
    private const int LargestGrowth = 1 << 20;
    private const int SparePieces = 4;

    private FrameSegment? _first;
    private FrameSegment? _last;
    private FrameSegment? _lent;
    // The position of the first held byte inside the first piece.
    private int _start;
    private int _buffers;
    private IByteBudget? _budget;
    // The number of bytes in rented arrays, which the budget limits.
    private long _rented;
    private FrameSegment? _spare;
    private int _spares;

    public long Length { get; private set; }

    public bool IsEmpty => Length == 0;

    /// <summary>Gets the number of leased buffers.</summary>
    public int Buffers => _buffers;

    public ReadOnlySequence<byte> Sequence => new(_first!, _start, _last!, _last!.Length);

    /// <summary>Adds the lent buffer behind the held bytes. The caller must consume, lease or release it before its borrow ends.</summary>
    public void Lend(ReadOnlyMemory<byte> memory)
    {
        Debug.Assert(_lent is null, "One buffer is lent at a time.");
        _lent = Append(memory);
    }

    /// <summary>
    /// Sets the limit for copies. When the connection moves to another queue, existing copies count against that queue's limit.
    /// </summary>
    public void SetBudget(IByteBudget? budget)
    {
        _budget?.Add(-_rented);
        _budget = budget;
        _budget?.Add(_rented);
    }

    /// <summary>
    /// Keeps the rest of the lent buffer. Leases the buffer if possible. Copies its bytes if too many buffers are leased or the pool is
    /// under pressure.
    /// </summary>
    /// <returns>
    /// False when the bytes had to be copied but the copy would exceed the limit. The caller must then release everything.
    /// </returns>
    public bool Keep(in ReceivedBuffer buffer, bool isBounded)
    {
        BufferLedger ledger = buffer.Ledger;
        int slot = _buffers >= maxBuffers || ledger.IsUnderPressure ? -1 : buffer.TryLeaseSlot();
        if (slot < 0)
        {
            return TryCopy(isBounded);
        }

        FrameSegment lent = _lent!;
        lent.Slot = slot;
        lent.Ledger = ledger;
        _lent = null;
        _buffers++;
        return true;
    }

    /// <summary>Copies as <see cref="Copy"/> does, but fails if the copies would exceed the limit.</summary>
    public bool TryCopy(bool isBounded)
    {
        long uncopied = Uncopied();
        if (isBounded && uncopied > 0 && _budget?.HasRoom(uncopied) == false)
        {
            return false;
        }

        Copy();
        return true;
    }

    /// <summary>Drops bytes from the front, and releases the buffers that contain no other bytes.</summary>
    public void Consume(long count)
    {
        Length -= count;
        while (_first is { } first)
        {
            int available = first.Length - _start;
            if (count < available)
            {
                _start += (int)count;
                return;
            }

            count -= available;
            DropFirst();
        }
    }

    /// <summary>Releases the remaining bytes if all of them lie in the lent buffer, which the caller continues to cut.</summary>
    /// <param name="length">The number of remaining bytes.</param>
    /// <returns>True if all remaining bytes lie in the lent buffer.</returns>
    public bool TryLeaveLent(out int length)
    {
        length = (int)Length;
        if (_first != _lent)
        {
            return false;
        }

        Release();
        return true;
    }

    /// <summary>
    /// Copies all bytes that lie in buffers, and releases the buffers. Bytes that are already copied are not copied again.
    /// </summary>
    public void Copy()
    {
        FrameSegment? lastCopy = null;
        FrameSegment? piece = _first;
        long bytes = Length + _start;
        while (piece is { Array: not null })
        {
            bytes -= piece.Length;
            lastCopy = piece;
            piece = piece.Following;
        }

        if (piece is null)
        {
            return;
        }

        int skip = piece == _first ? _start : 0;
        bytes -= skip;
        _last = lastCopy;
        if (lastCopy is null)
        {
            _first = null;
            _start = 0;
        }

        while (piece is not null)
        {
            FrameSegment? next = piece.Following;
            AppendCopy(piece.Memory.Span[skip..], bytes);
            bytes -= piece.Length - skip;
            skip = 0;
            Recycle(piece);
            piece = next;
        }

        _last!.Following = null;
    }

    /// <summary>Releases all buffers and arrays.</summary>
    public void Release()
    {
        while (_first is not null)
        {
            DropFirst();
        }

        Length = 0;
    }

    private FrameSegment Append(ReadOnlyMemory<byte> memory)
    {
        FrameSegment piece = Attach(memory);
        Length += memory.Length;
        return piece;
    }

    private FrameSegment Attach(ReadOnlyMemory<byte> memory)
    {
        FrameSegment? piece = _spare;
        if (piece is null)
        {
            piece = new FrameSegment();
        }
        else
        {
            _spare = piece.Following;
            _spares--;
            piece.Following = null;
        }

        if (_last is { } last)
        {
            piece.Set(memory, last.RunningIndex + last.Length);
            last.Following = piece;
        }
        else
        {
            piece.Set(memory, 0);
            _first = piece;
        }

        _last = piece;
        return piece;
    }

    /// <param name="bytes">The bytes to copy.</param>
    /// <param name="expected">The total number of bytes that remain to be copied, including these.</param>
    private void AppendCopy(ReadOnlySpan<byte> bytes, long expected)
    {
        if (_last is { Array: { } array } last && last.Length < array.Length)
        {
            int fitting = Math.Min(bytes.Length, array.Length - last.Length);
            bytes[..fitting].CopyTo(array.AsSpan(last.Length));
            last.Set(array.AsMemory(0, last.Length + fitting), last.RunningIndex);
            bytes = bytes[fitting..];
            expected -= fitting;
        }

        if (bytes.IsEmpty)
        {
            return;
        }

        // Another array is added instead of enlarging the last one, so that no byte is copied twice. Its size follows from the bytes that
        // have arrived, because the length that the peer announces cannot be trusted.
        int growth = Math.Clamp(2 * (_last?.Array?.Length ?? 0), SmallestCopy, LargestGrowth);
        byte[] rented = ArrayPool<byte>.Shared.Rent((int)Math.Clamp(expected, growth, Array.MaxLength));
        Charge(rented.Length);
        bytes.CopyTo(rented);
        Attach(rented.AsMemory(0, bytes.Length)).Array = rented;
    }

    private long Uncopied()
    {
        long bytes = _lent?.Length ?? 0;
        for (FrameSegment? piece = _buffers > 0 ? _first : null; piece is not null; piece = piece.Following)
        {
            bytes += piece.Ledger is null ? 0 : piece.Length;
        }

        return bytes;
    }

    private void Charge(long change)
    {
        _rented += change;
        _budget?.Add(change);
    }

    private void DropFirst()
    {
        FrameSegment piece = _first!;
        _first = piece.Following;
        _start = 0;
        if (_first is null)
        {
            _last = null;
        }

        Recycle(piece);
    }

    private void Recycle(FrameSegment piece)
    {
        if (piece.Ledger is { } ledger)
        {
            piece.Ledger = null;
            _buffers--;
            ledger.Release(piece.Slot);
        }
        else if (piece.Array is { } array)
        {
            piece.Array = null;
            Charge(-array.Length);
            ArrayPool<byte>.Shared.Return(array);
        }
        else
        {
            _lent = null;
        }

        piece.Set(default, 0);
        if (_spares < maxBuffers + SparePieces)
        {
            piece.Following = _spare;
            _spare = piece;
            _spares++;
        }
    }
}
