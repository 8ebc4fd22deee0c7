using System.Globalization;
using System.Net;
using Zcrx.Conformance.Support;
using Zcrx.Interop;

namespace Zcrx.Conformance.Nic;

/// <summary>Represents an interface of the emulated kernel, which receives the traffic of loopback.</summary>
internal sealed class EmulatedNicUnderTest : NicUnderTest
{
    private const uint TestQueue = 1;

    // Packets carry 1448 bytes, as on a wire with the usual MTU and TCP time stamps.
    private static readonly EmulatedNicOptions Options = new()
    {
        Name = "enic0", RxQueues = 4, PacketLength = 1448, MaxBufferLength = 65536, RetransmitDelay = TimeSpan.FromMilliseconds(20),
    };

    private readonly EmulatedNic _nic;

    private EmulatedNicUnderTest(KernelUnderTest kernel, EmulatedNic nic)
        : base(kernel, TestQueue)
    {
        _nic = nic;
        Facts = new EmulatedNicFacts([nic]);
        Steering = new EmulatedFlowSteering([nic]);
    }

    public override string Interface => Options.Name;

    public override uint OtherQueue => TestQueue + 1;

    public override INicFacts Facts { get; }

    public override IFlowSteering Steering { get; }

    public override uint Index => _nic.Index;

    public override IPAddress Address => IPAddress.Loopback;

    public static new EmulatedNicUnderTest Open(string name, params ReadOnlySpan<ZcrxFeature> alsoNeeded) => Open(name, null, alsoNeeded);

    /// <summary>Creates the same interface on a kernel with a planted fault.</summary>
    public static EmulatedNicUnderTest Open(string name, EmulatedFaultPlan? faults, params ReadOnlySpan<ZcrxFeature> alsoNeeded)
    {
        Skip.If(name is KernelUnderTest.Multishot or KernelUnderTest.OldMultishot or KernelUnderTest.ReadingMultishot, "NIC queues need zcrx, which this kernel does not use");
        EmulatedNic nic = new(Options);
        return new EmulatedNicUnderTest(KernelUnderTest.OpenEmulated(name, [nic], faults, [ZcrxFeature.NicQueue, ZcrxFeature.Flush, .. alsoNeeded]), nic);
    }

    public override int Connect(ushort port) => Posix.Connect(port, Address);

    protected override (int Status, string Output) Execute(IReadOnlyList<string> arguments)
    {
        switch (arguments)
        {
            case ["split", var state]:
                try
                {
                    _nic.HeaderDataSplit = state == "on";
                }
                catch (InvalidOperationException refusal)
                {
                    return (1, refusal.Message);
                }

                break;
            case ["link", var state]:
                _nic.IsUp = state == "up";
                break;
            case ["pack", var state]:
                _nic.PacketsPerBuffer = state == "on" ? 2 : 1;
                break;
            case ["fragments", var queue]:
                return (0, _nic.CountersOf(int.Parse(queue, CultureInfo.InvariantCulture)).ZeroCopyPackets.ToString(CultureInfo.InvariantCulture));
            case ["remove"]:
                _nic.Remove();
                break;
            case ["restore"]:
                _nic.Restore();
                break;
            default:
                return (2, "unknown verb");
        }

        return (0, "");
    }
}
