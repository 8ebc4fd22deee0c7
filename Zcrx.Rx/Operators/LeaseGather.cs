using System.Buffers;
using Zcrx.Interop;
using Zcrx.Interop.Kernel;

namespace Zcrx.Rx.Operators;

/// <summary>Collects the available leases, so that one call sends them all. Used by a single reader.</summary>
internal sealed class LeaseGather(LeaseChannel<ReceivedBuffer, BufferLease> channel) : IDisposable
{
    private const int MostLeases = 128;

    private readonly BufferLease[] _leases = new BufferLease[MostLeases];
    private readonly IoVector[] _pieces = new IoVector[MostLeases];
    private int _count;
    private int _pieceCount;

    /// <summary>Gets the memory of the collected leases. Valid until <see cref="Release"/>.</summary>
    public ReadOnlySpan<IoVector> Pieces => _pieces.AsSpan(0, _pieceCount);

    /// <summary>Gets the number of bytes in the collected leases.</summary>
    public long Length { get; private set; }

    /// <summary>Collects the leases that are available now.</summary>
    /// <returns>False when no lease is available.</returns>
    public bool TryTake()
    {
        nint end = 0;
        while (_count < MostLeases && channel.TryRead(out BufferLease? lease))
        {
            _leases[_count++] = lease;
            nint address = lease.Address;
            if (address == end)
            {
                // Adjacent buffers are sent as one piece, so that the kernel makes fewer and longer copies.
                _pieces[_pieceCount - 1].Length += (nuint)lease.Length;
            }
            else
            {
                _pieces[_pieceCount++] = new IoVector { Base = address, Length = (nuint)lease.Length };
            }

            end = address + lease.Length;
            Length += lease.Length;
        }

        return _count > 0;
    }

    /// <summary>Returns the bytes of the collected leases from a position on. Valid until <see cref="Release"/>.</summary>
    public ReadOnlySequence<byte> Behind(int position)
    {
        LeaseSegment first = new(_leases[0], null);
        LeaseSegment last = first;
        for (int i = 1; i < _count; i++)
        {
            last = new LeaseSegment(_leases[i], last);
        }

        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length).Slice(position);
    }

    /// <summary>Releases the collected leases.</summary>
    /// <remarks>
    /// The buffer with the highest address is released first. A kernel fills the most recently returned buffer first, so the next buffers
    /// have ascending addresses. Ascending buffers form few pieces.
    /// </remarks>
    public void Release()
    {
        bool isDescending = _pieceCount > 1 && _pieces[0].Base > _pieces[_pieceCount - 1].Base;
        for (int i = 0; i < _count; i++)
        {
            _leases[isDescending ? i : _count - 1 - i].Dispose();
        }

        _count = 0;
        _pieceCount = 0;
        Length = 0;
    }

    public void Dispose() => Release();
}
