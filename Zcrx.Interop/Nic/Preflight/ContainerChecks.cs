using System.Globalization;

namespace Zcrx.Interop.Nic.Preflight;

/// <summary>
/// Checks a netkit interface of a container. The host leases RX queues of a NIC to it, so some checks differ from those of a NIC. Pure.
/// </summary>
internal static class ContainerChecks
{
    public const string SplitFix = "On the host, for the NIC whose queue is leased: `ethtool -G NIC tcp-data-split on`, and `hds-thresh 0` where the driver has one";

    private const string SteeringFix =
        "On the host, keep RSS off the leased queue and send the port to it with flow rules; `Ingest lease` does both, and `Ingest doctor --plan PORT --container` prints the commands";

    /// <summary>Returns the check that replaces a check of a NIC; null when the check of the NIC applies.</summary>
    public static Func<PreflightFacts, NicFacts, PreflightItem>? Find(string check) => check switch
    {
        "device" => Device,
        "driver" => static (_, _) => new PreflightItem("driver", PreflightOutcome.Passed, "netkit, which passes registrations on to the NIC's driver"),
        "queue" => Queue,
        "header/data split" => static (_, _) => HostSide("header/data split", "belongs to the host and cannot be read here; a registration fails while it is off", SplitFix),
        "hds-thresh" => static (_, _) => HostSide("hds-thresh", "belongs to the host and cannot be read here; a registration fails unless it is 0", SplitFix),
        "RSS" => static (_, _) => HostSide("RSS", "belongs to the host: all its traffic on the leased queue is for this container", SteeringFix),
        "flow rules" => static (_, _) => HostSide("flow rules", "belong to the host: connections that arrive on other queues are copied", SteeringFix),
        _ => null,
    };

    private static PreflightItem Device(PreflightFacts facts, NicFacts nic) => nic.IsLeased(facts.RxQueue)
        ? new PreflightItem("device", PreflightOutcome.Passed, string.Create(CultureInfo.InvariantCulture, $"RX queue {facts.RxQueue} is leased from a NIC by the host"))
        : new PreflightItem(
            "device",
            PreflightOutcome.Obstacle,
            string.Create(CultureInfo.InvariantCulture, $"RX queue {facts.RxQueue} of {nic.Name} is not leased from a NIC, so no device can write into memory"),
            LeaseFix(nic));

    private static PreflightItem Queue(PreflightFacts facts, NicFacts nic)
    {
        const string Check = "queue";
        int leased = int.Max(0, nic.Queues.Count - 1);
        string has = string.Create(CultureInfo.InvariantCulture, $"{nic.Name} has {nic.Queues.Count} RX queue(s), {leased} of them leased");
        if (facts.RxQueue < nic.Queues.Count)
        {
            return new PreflightItem(Check, PreflightOutcome.Passed, has);
        }

        bool isFull = nic.MaxRxQueues is { } most && facts.RxQueue >= most;
        return new PreflightItem(
            Check,
            PreflightOutcome.Obstacle,
            string.Create(CultureInfo.InvariantCulture, $"the interface has no RX queue {facts.RxQueue}: {has}"),
            isFull ? string.Create(CultureInfo.InvariantCulture, $"Create the netkit interface with more room (`numrxqueues {facts.RxQueue + 1}`), and lease a queue to it") : LeaseFix(nic));
    }

    private static string LeaseFix(NicFacts nic) => nic.Queues.Count > 1
        ? string.Create(CultureInfo.InvariantCulture, $"Choose a leased queue (1 to {nic.Queues.Count - 1}), or let the host lease another one: `Ingest lease` there")
        : $"Let the host lease an RX queue to {nic.Name}: `Ingest lease --interface NIC --queue Q --container NAMESPACE --container-interface {nic.Name}` there; or use the engine device-less or emulated";

    private static PreflightItem HostSide(string check, string text, string fix) => new(check, PreflightOutcome.HostSide, text, fix);
}
