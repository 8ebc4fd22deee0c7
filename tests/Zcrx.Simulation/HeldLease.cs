using System.Buffers;
using Zcrx.Interop;
using Zcrx.Rx;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Simulation;

/// <summary>Represents a lease of the application and the position of its expected bytes.</summary>
internal abstract class HeldLease(SimulatedConnection connection, SimulatedQueue? queue, long position, long length) : IDisposable
{
    public SimulatedConnection Connection => connection;

    /// <summary>Gets the queue whose pool has the leased buffers; null if an ended queue had them.</summary>
    public SimulatedQueue? Queue => queue;

    public long Position => position;

    /// <summary>Gets the addresses of the leased buffers. A copy has none.</summary>
    public abstract IReadOnlyList<nint> Addresses { get; }

    /// <summary>Leases the same bytes once more.</summary>
    /// <returns>The new lease, or null if this kind of lease does not permit it.</returns>
    public abstract HeldLease? Retain();

    public abstract void Dispose();

    /// <summary>Throws if the bytes differ from the received bytes.</summary>
    public void Check()
    {
        if (!Matches(connection.Id, position, length))
        {
            throw new SimulationException($"a lease of {connection} at position {position} has changed: a buffer is in two places");
        }
    }

    protected abstract bool Matches(int stream, long position, long length);
}

/// <summary>Represents a lease of one buffer.</summary>
internal sealed class HeldBuffer(BufferLease lease, SimulatedConnection connection, SimulatedQueue? queue, long position, int length)
    : HeldLease(connection, queue, position, length)
{
    public override IReadOnlyList<nint> Addresses { get; } = queue?.BufferAt(lease.Address) is { } buffer ? [buffer] : [];

    public override HeldLease Retain() => new HeldBuffer(lease.Retain(), Connection, Queue, Position, length);

    public override void Dispose() => lease.Dispose();

    protected override bool Matches(int stream, long position, long length) =>
        lease.StreamOffset == position && lease.Length == length && Payload.Matches(lease.Span, stream, position);
}

/// <summary>Represents a lease of one frame.</summary>
internal sealed class HeldFrame(FrameLease lease, SimulatedConnection connection, SimulatedQueue? queue, long position, long length)
    : HeldLease(connection, queue, position, length)
{
    public override IReadOnlyList<nint> Addresses { get; } = AddressesOf(lease, queue);

    public override HeldLease? Retain() => null;

    public override void Dispose() => lease.Dispose();

    protected override bool Matches(int stream, long position, long length) =>
        lease.StreamOffset == position && lease.Length == length && SimulatedFrames.Matches(lease.Sequence, stream, position);

    private static unsafe List<nint> AddressesOf(FrameLease lease, SimulatedQueue? queue)
    {
        List<nint> addresses = [];
        foreach (ReadOnlyMemory<byte> piece in lease.Sequence)
        {
            using MemoryHandle pin = piece.Pin();
            if (!piece.IsEmpty && queue?.BufferAt((nint)pin.Pointer) is { } buffer)
            {
                addresses.Add(buffer);
            }
        }

        return addresses;
    }
}
