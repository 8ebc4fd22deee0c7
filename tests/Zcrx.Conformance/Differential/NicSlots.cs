using Zcrx.Conformance.Nic;
using Zcrx.Conformance.Support;

namespace Zcrx.Conformance.Differential;

/// <summary>Represents the interface of programs: a separately steered port for each connection slot, and two RX queues.</summary>
internal sealed class NicSlots : IDisposable
{
    public const int Destinations = 3;

    private readonly NicPort[] _ports;
    private readonly int[] _destinations = new int[ProgramGenerator.Connections];

    public NicSlots(NicUnderTest nic)
    {
        Nic = nic;
        _ports = [.. Enumerable.Range(0, ProgramGenerator.Connections).Select(_ => new NicPort(nic))];
    }

    public NicUnderTest Nic { get; }

    public bool IsUp { get; private set; } = true;

    /// <summary>Returns the RX queue on which the queues of a slot are registered.</summary>
    public uint RxQueueOf(int slot) => slot % 2 == 0 ? Nic.Queue : Nic.OtherQueue;

    /// <summary>Takes the link up and steers all connections to the first RX queue, as every program expects at its start.</summary>
    public void Reset()
    {
        SetLink(isUp: true);
        for (int slot = 0; slot < _ports.Length; slot++)
        {
            Steer(slot, 0);
        }
    }

    public TcpPair Connect(int slot) => _ports[slot].Connect();

    /// <summary>
    /// Steers the connections of a slot. 0 and 1 are the two RX queues of programs. 2 is an RX queue that receives into kernel memory.
    /// </summary>
    public void Steer(int slot, int destination)
    {
        if (_destinations[slot] != destination)
        {
            _ports[slot].SteerTo(destination == 2 ? _ports[slot].Elsewhere : RxQueueOf(destination));
            _destinations[slot] = destination;
        }
    }

    /// <summary>Determines whether connections of a slot arrive on an RX queue.</summary>
    public bool ArrivesAt(int slot, uint rxQueue) => _destinations[slot] != 2 && RxQueueOf(_destinations[slot]) == rxQueue;

    public void SetLink(bool isUp)
    {
        if (IsUp != isUp)
        {
            Nic.Control("link", isUp ? "up" : "down");
            IsUp = isUp;
        }
    }

    public void Dispose()
    {
        SetLink(isUp: true);
        foreach (NicPort port in _ports)
        {
            port.Dispose();
        }
    }
}
