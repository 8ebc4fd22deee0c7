using Zcrx.Interop;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Simulation;

/// <summary>Represents a lease of the application and the position of its expected bytes.</summary>
internal sealed record HeldLease(BufferLease Lease, SimulatedConnection Connection, SimulatedQueue Queue, long Position, int Length, bool IsCopy)
{
    /// <summary>Gets the address of the bytes, which identifies the buffer.</summary>
    public nint Address { get; } = Lease.Address;

    /// <summary>Throws if the bytes differ from the received bytes.</summary>
    public void Check()
    {
        if (Lease.StreamOffset != Position || Lease.Length != Length || !Payload.Matches(Lease.Span, Connection.Id, Position))
        {
            throw new SimulationException($"a leased buffer of {Connection} at position {Position} has changed: the buffer is in two places");
        }
    }
}
