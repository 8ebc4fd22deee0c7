using System.Buffers;
using Zcrx.Interop;

namespace Zcrx.Rx.Framing;

/// <summary>Owns the bytes of a leased frame. Each piece is either a lease on a buffer or a copy.</summary>
internal sealed class FrameContent
{
    private readonly BufferLease? _only;
    private readonly BufferLease[] _leases;

    private FrameContent(BufferLease? only, BufferLease[] leases, in ReadOnlySequence<byte> sequence)
    {
        _only = only;
        _leases = leases;
        Sequence = sequence;
    }

    public ReadOnlySequence<byte> Sequence { get; }

    /// <summary>Gets a value indicating whether any piece leases a buffer of the pool.</summary>
    public bool HasBuffers => _only is not null || _leases.Length > 0;

    public static FrameContent Of(BufferLease only, ReadOnlyMemory<byte> bytes) => new(only, [], new ReadOnlySequence<byte>(bytes));

    public static FrameContent Copy(in ReadOnlySequence<byte> bytes) => new(null, [], bytes.IsEmpty ? ReadOnlySequence<byte>.Empty : new ReadOnlySequence<byte>(bytes.ToArray()));

    public void Release()
    {
        _only?.Dispose();
        foreach (BufferLease lease in _leases)
        {
            lease.Dispose();
        }
    }

    /// <summary>Collects the pieces of a frame, in stream order.</summary>
    internal sealed class Builder
    {
        private readonly List<BufferLease> _leases = [];
        private FrameSegment? _first;
        private FrameSegment? _last;

        /// <summary>Adds a piece behind the previous ones.</summary>
        /// <param name="lease">The lease on the buffer that contains the piece, owned by this object from now on; null for a copy.</param>
        /// <param name="bytes">The bytes of the piece.</param>
        public void Add(BufferLease? lease, ReadOnlyMemory<byte> bytes)
        {
            if (lease is not null)
            {
                _leases.Add(lease);
            }

            FrameSegment segment = new();
            segment.Set(bytes, _last is null ? 0 : _last.RunningIndex + _last.Length);
            if (_last is null)
            {
                _first = segment;
            }
            else
            {
                _last.Following = segment;
            }

            _last = segment;
        }

        public FrameContent Build() => new(null, [.. _leases], new ReadOnlySequence<byte>(_first!, 0, _last!, _last!.Length));
    }
}
