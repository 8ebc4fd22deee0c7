using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Zcrx.Interop;
using Zcrx.Interop.Kernel;
using Zcrx.Interop.Leases;

namespace Zcrx.Rx.Framing;

/// <summary>
/// Represents the frame that one subscription currently lends to its observer. One object serves all frames of the subscription, and a
/// version number tells them apart.
/// </summary>
/// <remarks>
/// The thread that cuts the stream begins a borrow before the observer's <c>OnNext</c> and ends it afterwards. If another thread calls a
/// member, the member compares version and thread and throws. After a connection has moved to another queue, another thread cuts its
/// stream. Two threads never cut at the same time.
/// </remarks>
internal sealed class FrameScope(int maxBuffers)
{
    private readonly List<IFrameGate> _gates = [];
    private ReadOnlySequence<byte> _frame;
    private ReceivedBuffer _lent;
    private long _streamOffset;
    private int _tag;
    private BufferLedger? _ledger;
    private BufferHolder? _holder;
    private FrameLoan? _loan;
    private bool _checksBorrows;
    private object? _thread;
    private long _version;

    /// <summary>Sets the buffer that is lent now and in which the next frames end.</summary>
    public void SetBuffer(in ReceivedBuffer buffer)
    {
        _lent = buffer;
        _ledger = buffer.Ledger;
        _holder = buffer.Holder;
        _checksBorrows = _ledger.ChecksBorrows;
        _thread = Threads.Current;
    }

    /// <summary>Clears the lent buffer, because the next frames lie only in leased or copied bytes.</summary>
    public void ClearBuffer()
    {
        _lent = default;
        _thread = Threads.Current;
    }

    /// <summary>Begins to lend a frame.</summary>
    public ReceivedFrame Begin(in ReadOnlySequence<byte> frame, long streamOffset, int tag)
    {
        long version = _version + 1;
        Volatile.Write(ref _version, version);
        _frame = frame;
        _streamOffset = streamOffset;
        _tag = tag;
        return new ReceivedFrame(this, version);
    }

    /// <summary>Ends the borrow of the current frame.</summary>
    public void End()
    {
        Volatile.Write(ref _version, _version + 1);
        _loan?.Dispose();
        _loan = null;
    }

    /// <summary>Adds a consumer that limits how many bytes may wait for it. Called on the thread that cuts the stream.</summary>
    public void Add(IFrameGate gate)
    {
        if (!_gates.Contains(gate))
        {
            _gates.Add(gate);
        }
    }

    /// <summary>
    /// Determines whether every consumer has room for a frame of this length. A consumer without room pauses the source until it has room.
    /// </summary>
    public bool Admits(long length)
    {
        foreach (IFrameGate gate in _gates)
        {
            if (!gate.Admits(_holder!, length))
            {
                return false;
            }
        }

        return true;
    }

    public bool IsValid(long version) => Volatile.Read(ref _version) == version;

    public long Length(long version)
    {
        Check(version);
        return _frame.Length;
    }

    public long StreamOffset(long version)
    {
        Check(version);
        return _streamOffset;
    }

    public int Tag(long version)
    {
        Check(version);
        return _tag;
    }

    public BufferHolder Holder(long version)
    {
        Check(version);
        return _holder!;
    }

    /// <summary>Returns the bytes of the frame. Accesses to their memory are not checked.</summary>
    public ReadOnlySequence<byte> Raw(long version)
    {
        Check(version);
        return _frame;
    }

    /// <summary>Returns the bytes of the frame. If <c>CheckBorrows</c> is on, every access to their memory is checked.</summary>
    public ReadOnlySequence<byte> Sequence(long version)
    {
        Check(version);
        return _checksBorrows ? (_loan ??= new FrameLoan()).Lend(_frame) : _frame;
    }

    /// <summary>
    /// Leases the buffers of the frame, or copies its bytes if too many buffers would be leased or the pool is under pressure.
    /// </summary>
    public FrameLease Retain(long version)
    {
        Check(version);
        if (_frame.IsEmpty)
        {
            return new FrameLease(FrameContent.Copy(default), _streamOffset, _tag);
        }

        return new FrameLease(_ledger!.IsUnderPressure || !MayLease() ? FrameContent.Copy(_frame) : Lease(), _streamOffset, _tag);
    }

    /// <summary>Determines whether the frame lies in few enough pool buffers to be leased.</summary>
    private bool MayLease()
    {
        if (_frame.Start.GetObject() is not FrameSegment segment)
        {
            return maxBuffers > 0;
        }

        object end = _frame.End.GetObject()!;
        int buffers = 0;
        for (FrameSegment? piece = segment; piece is not null; piece = piece == end ? null : piece.Following)
        {
            buffers += piece.Array is null ? 1 : 0;
        }

        return buffers <= maxBuffers;
    }

    private FrameContent Lease()
    {
        if (_frame.Start.GetObject() is not FrameSegment segment)
        {
            return TryLeaseLent() is { } only ? FrameContent.Of(only, Part(only, _streamOffset, (int)_frame.Length)) : FrameContent.Copy(_frame);
        }

        FrameContent.Builder content = new();
        long position = _streamOffset;
        foreach (ReadOnlyMemory<byte> part in _frame)
        {
            BufferLease? lease = Lease(segment);
            if (lease is not null)
            {
                content.Add(lease, Part(lease, position, part.Length));
            }
            else if (!part.IsEmpty)
            {
                content.Add(null, part.ToArray());
            }

            position += part.Length;
            segment = segment.Following!;
        }

        return content.Build();
    }

    /// <summary>Leases the buffer that contains a piece; null if the bytes of the piece must be copied.</summary>
    private BufferLease? Lease(FrameSegment piece)
    {
        if (piece.Ledger is { } ledger)
        {
            ledger.AddReference(piece.Slot);
            return new BufferLease(ledger, piece.Slot);
        }

        return piece.Array is null ? TryLeaseLent() : null;
    }

    private BufferLease? TryLeaseLent() => _lent.TryLeaseSlot() is var slot and >= 0 ? new BufferLease(_lent.Ledger, slot) : null;

    private static ReadOnlyMemory<byte> Part(BufferLease lease, long position, int length) => lease.Memory.Slice((int)(position - lease.StreamOffset), length);

    private void Check(long version)
    {
        if (!IsValid(version))
        {
            ThrowEnded();
        }

        if (_thread != Threads.Current)
        {
            ThrowForeignThread();
        }
    }

    [DoesNotReturn]
    private static void ThrowEnded() => throw new ObjectDisposedException(
        nameof(ReceivedFrame),
        "The frame was lent for the duration of OnNext, and its buffers have returned to the pool. Call Retain() or ToArray() inside OnNext to use it later. "
        + "Put Offload, Process or Retained before operators that keep or schedule items, such as Delay, Buffer and ObserveOn.");

    [DoesNotReturn]
    private static void ThrowForeignThread() => throw new InvalidOperationException(
        "A borrowed frame may be used only on the ring thread, inside OnNext, but was used on another thread. Use Offload or Process to work on another thread, or call Retain() inside OnNext and pass the lease on.");
}
