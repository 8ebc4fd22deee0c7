using System.CommandLine;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Ingest.Serving;
using Ingest.Values;
using Zcrx.Rx;

namespace Ingest.Commands;

/// <summary>Defines the options of the receiver, which `demo` and `serve` share.</summary>
internal sealed class ReceiveOption
{
    private readonly Option<ZcrxEngine> _engine = ValueOption.Create<ZcrxEngine>(
        "--engine",
        "auto|nic|device-less|io_uring|emulated",
        "The engine that receives. nic: an RX queue of a NIC, the only engine that does not copy (Linux 6.15, CAP_NET_ADMIN). device-less: the kernel copies into the area (Linux 7.1, CAP_NET_ADMIN). "
        + "io_uring: multishot receives without zcrx (Linux 6.1). emulated: ordinary sockets, anywhere. "
        + "auto, the default: nic, device-less or emulated, the first that the machine and the other options allow.",
        required: false,
        EngineText.Read);

    private readonly Option<ByteSize> _area = ValueOption.Create(
        "--area", "SIZE", "Receive memory of each queue, up to 1GiB.", 64.MiB(), SizeText.Between(new ByteSize(2 * Environment.SystemPageSize), 1.GiB()));

    private readonly Option<int> _queues = ValueOption.Create(
        "--queues", "N", "Number of interface queues. Each has its own ring and thread.", 1, Number.Between(1, 64));

    private readonly Option<string?> _interface = ValueOption.Create<string?>(
        "--interface", "IF", "Network interface whose RX queues are used (for example eth0).", required: false, InterfaceText.Read);

    private readonly Option<int> _rxQueue = ValueOption.Create(
        "--queue", "Q", "Index of the RX queue. With several --queues, the index of the first.", 0, Number.Between(0, 4095));

    public void AddTo(Command command)
    {
        command.Add(_engine);
        command.Add(_area);
        command.Add(_queues);
        command.Add(_interface);
        command.Add(_rxQueue);
    }

    /// <summary>Returns the address of the interface. A sender in another network namespace connects to it.</summary>
    public IPAddress ReadAddress(ParseResult parsed)
    {
        string name = parsed.GetValue(_interface)
            ?? throw new UsageException("a sender in another network namespace needs an interface to reach: name it with --interface.");
        return NetworkInterface.GetAllNetworkInterfaces()
            .Where(candidate => candidate.Name == name)
            .SelectMany(candidate => candidate.GetIPProperties().UnicastAddresses)
            .Select(address => address.Address)
            .Where(address => !address.IsIPv6LinkLocal)
            // Prefers an IPv4 address, as users expect.
            .OrderBy(address => address.AddressFamily == AddressFamily.InterNetworkV6)
            .FirstOrDefault()
            ?? throw new UsageException($"the interface {name} has no address that a sender could reach.");
    }

    /// <summary>Returns the options of the receiver.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="listen">The endpoint to listen on.</param>
    /// <param name="drain">The time limit for delivering received bytes when the program stops.</param>
    /// <param name="area">The memory per queue if the command line does not specify it, or null for the default.</param>
    public ReceiveOptions Read(ParseResult parsed, IPEndPoint listen, TimeSpan drain, ByteSize? area = null)
    {
        ZcrxEngine engine = parsed.GetValue(_engine);
        string? networkInterface = parsed.GetValue(_interface);
        if (engine == ZcrxEngine.Nic && networkInterface is null)
        {
            throw new UsageException("the engine nic needs a NIC: name it with --interface.");
        }

        if (networkInterface is null && parsed.GetResult(_rxQueue) is { Implicit: false })
        {
            throw new UsageException("--queue is the index of an RX queue on an interface: name that with --interface.");
        }

        ByteSize size = area is { } other && parsed.GetResult(_area) is not { Implicit: false } ? other : parsed.GetValue(_area);
        return new ReceiveOptions(listen, engine, networkInterface, parsed.GetValue(_rxQueue), parsed.GetValue(_queues), size.Bytes, drain);
    }
}
