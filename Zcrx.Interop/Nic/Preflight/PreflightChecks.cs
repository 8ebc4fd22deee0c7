using System.Globalization;
using Zcrx.Interop.Capabilities;

namespace Zcrx.Interop.Nic.Preflight;

/// <summary>Derives the results of the checks from facts. Pure.</summary>
internal static class PreflightChecks
{
    public const string Registration = "registration";

    private const string InterfaceCheck = "interface";
    private const string SplitCheck = "header/data split";

    /// <summary>
    /// The drivers that are known to have queue management. The kernel does not report which drivers have it, so the list is only a hint.
    /// </summary>
    private static readonly HashSet<string> KnownDrivers = ["bnxt_en", "fbnic", "gve", "mlx5_core"];

    private static readonly (string Name, Func<PreflightFacts, NicFacts, PreflightItem> Check)[] OfInterface =
    [
        ("link", static (_, nic) => Link(nic)),
        ("device", static (_, nic) => Device(nic)),
        ("driver", static (_, nic) => Driver(nic)),
        ("queue", Queue),
        (SplitCheck, static (_, nic) => Split(nic)),
        ("hds-thresh", static (_, nic) => Threshold(nic)),
        ("XDP", static (_, nic) => Xdp(nic)),
        ("queue free", Free),
        ("RSS", Rss),
        ("flow rules", Rules),
    ];

    public static IReadOnlyList<PreflightItem> Run(PreflightFacts facts)
    {
        List<PreflightItem> items = [Kernel(facts), Ring(facts), Permission(facts), Memory(facts)];
        if (facts.Nic is not { } nic)
        {
            items.Add(new PreflightItem(InterfaceCheck, PreflightOutcome.Obstacle, facts.Unreadable!.Cause, facts.Unreadable.Fix));
            items.AddRange(OfInterface.Select(static check => new PreflightItem(check.Name, PreflightOutcome.Skipped, "not checked without an interface")));
            return items;
        }

        items.Add(Passed(InterfaceCheck, $"{nic.Name} has index {nic.Index}"));
        items.AddRange(OfInterface.Select(check => (nic.IsNetkit ? ContainerChecks.Find(check.Name) ?? check.Check : check.Check)(facts, nic)));
        return items;
    }

    /// <summary>
    /// Returns the result of a registration that has failed. For a leased queue, the cause is on the NIC, which only the host can examine.
    /// </summary>
    public static PreflightItem Refused(ZcrxException exception, IReadOnlyList<PreflightItem> looked)
    {
        bool isSplit = exception.ErrorNumber == Abi.Errno.EINVAL && looked.Any(static item => item is { Check: SplitCheck, Outcome: PreflightOutcome.HostSide });
        return isSplit
            ? new PreflightItem(
                Registration, PreflightOutcome.Obstacle, $"tried: {exception.ErrorName}: header/data split of the NIC is off, or its threshold is not 0", ContainerChecks.SplitFix)
            : new PreflightItem(Registration, PreflightOutcome.Obstacle, $"tried: {exception.ErrorName}: {exception.Cause}", exception.Fix);
    }

    private static PreflightItem Kernel(PreflightFacts facts)
    {
        const string Check = "kernel";
        ZcrxCapabilities kernel = facts.Capabilities;
        return kernel.Support(ZcrxFeature.NicQueue) switch
        {
            ZcrxSupport.No => new PreflightItem(Check, PreflightOutcome.Obstacle, kernel.WhyNot(ZcrxFeature.NicQueue)!, "Boot a newer kernel with CONFIG_IO_URING_ZCRX"),
            ZcrxSupport.Unknown => new PreflightItem(
                Check, PreflightOutcome.Warning, $"{kernel.Kernel} does not report zero-copy receive; only an attempt can tell", "Boot Linux 6.19 or newer, which reports it"),
            _ when !kernel.Notifications => new PreflightItem(
                Check, PreflightOutcome.Warning, $"{kernel.Kernel} has zero-copy receive, without notifications", "Boot Linux 7.2 or newer, which has them"),
            _ => Passed(Check, $"{kernel.Kernel} has zero-copy receive, with notifications"),
        };
    }

    private static PreflightItem Ring(PreflightFacts facts)
    {
        const string Check = "io_uring";
        HostFacts host = facts.Host;
        if (host.WhyNoRing() is { } reason)
        {
            return new PreflightItem(Check, PreflightOutcome.Obstacle, reason, CommonErrors.RingForbidden(Check, 1, host)!.Fix);
        }

        return host.SeccompFilter
            ? new PreflightItem(Check, PreflightOutcome.Warning, "allowed by the machine, but a seccomp filter is active and may forbid it", CommonErrors.Filtered(Check, 1, host).Fix)
            : Passed(Check, "allowed");
    }

    private static PreflightItem Permission(PreflightFacts facts)
    {
        const string Check = "CAP_NET_ADMIN";
        // Do not repeat a missing permission to set up rings. Another check reports it.
        string? reason = facts.Host.WhyNoRing() is null ? facts.Host.WhyNoRegistration() : (facts.Host with { IoUringAccess = IoUringAccess.Everyone }).WhyNoRegistration();
        return reason is null ? Passed(Check, "effective") : new PreflightItem(Check, PreflightOutcome.Obstacle, reason, CommonErrors.GrantNetAdmin);
    }

    private static PreflightItem Memory(PreflightFacts facts)
    {
        const string Check = "locked memory";
        string area = Number(facts.AreaSize);
        if (facts.Host.EffectiveLockedMemoryLimit is not { } limit)
        {
            return Passed(Check, "no limit");
        }

        return limit < (ulong)facts.AreaSize
            ? new PreflightItem(
                Check,
                PreflightOutcome.Obstacle,
                $"this process may lock {Number((long)ulong.Min(limit, long.MaxValue))} bytes, and the area alone has {area}",
                "Raise the limit (`ulimit -l`, LimitMEMLOCK= in a systemd unit), grant CAP_IPC_LOCK, or choose a smaller area")
            : Passed(Check, $"this process may lock {Number((long)ulong.Min(limit, long.MaxValue))} bytes, for an area of {area}");
    }

    private static PreflightItem Link(NicFacts nic) => nic.IsUp
        ? Passed("link", "up")
        : new PreflightItem("link", PreflightOutcome.Warning, "down, or without a carrier: nothing will arrive", $"Bring it up with `ip link set dev {nic.Name} up`, and look at the cable");

    private static PreflightItem Device(NicFacts nic) => nic.HasDevice
        ? Passed("device", "present")
        : new PreflightItem(
            "device",
            PreflightOutcome.Obstacle,
            $"{nic.Name} is purely virtual{(nic.Driver is null ? "" : $" ({nic.Driver})")}: there is no device that could write into memory",
            "Name the interface of the NIC itself, or use the engine device-less or emulated");

    private static PreflightItem Driver(NicFacts nic)
    {
        const string Check = "driver";
        if (nic.Driver is { } driver && KnownDrivers.Contains(driver))
        {
            return Passed(Check, $"{driver}, which has queue management");
        }

        return new PreflightItem(
            Check,
            PreflightOutcome.Warning,
            nic.Driver is null ? "the driver does not report its name" : $"{nic.Driver}, for which queue management is unknown; only an attempt can tell",
            $"Drivers known to have queue management: {string.Join(", ", KnownDrivers.Order(StringComparer.Ordinal))}");
    }

    private static PreflightItem Queue(PreflightFacts facts, NicFacts nic)
    {
        const string Check = "queue";
        string most = nic.MaxRxQueues is { } max && max > nic.Queues.Count ? $", and can have {Number(max)}" : "";
        return facts.RxQueue < nic.Queues.Count
            ? Passed(Check, $"{Number(facts.RxQueue)} of {Number(nic.Queues.Count)} RX queues{most}")
            : new PreflightItem(
                Check,
                PreflightOutcome.Obstacle,
                $"there is no RX queue {Number(facts.RxQueue)}: {nic.Name} has {Number(nic.Queues.Count)}{most}",
                most.Length > 0 ? $"Add channels with `ethtool -L {nic.Name} combined {Number(facts.RxQueue + 1)}`, or choose a smaller index; the first one is 0" : "Choose a smaller index; the first one is 0");
    }

    private static PreflightItem Split(NicFacts nic) => nic.HeaderDataSplit == true
        ? Passed("header/data split", "on")
        : new PreflightItem(
            "header/data split",
            PreflightOutcome.Obstacle,
            nic.HeaderDataSplit is null ? "not set: the driver decides, or does not support it" : "off",
            $"Switch it on with `ethtool -G {nic.Name} tcp-data-split on`");

    private static PreflightItem Threshold(NicFacts nic) => nic.HdsThreshold is null or 0
        ? Passed("hds-thresh", nic.HdsThreshold is null ? "this driver has none" : "0")
        : new PreflightItem(
            "hds-thresh", PreflightOutcome.Obstacle, $"{Number(nic.HdsThreshold.Value)}: shorter packets are not split", $"Set it to 0 with `ethtool -G {nic.Name} hds-thresh 0`");

    private static PreflightItem Xdp(NicFacts nic) => nic.HasXdp
        ? new PreflightItem("XDP", PreflightOutcome.Obstacle, "a program is attached", $"Detach it with `ip link set dev {nic.Name} xdp off`")
        : Passed("XDP", "no program is attached");

    private static PreflightItem Free(PreflightFacts facts, NicFacts nic)
    {
        const string Check = "queue free";
        RxQueueFacts? queue = nic.Queues.FirstOrDefault(queue => queue.Index == facts.RxQueue);
        if (queue is { Lease: not null } or { Provider: RxMemoryProvider.Leased })
        {
            return new PreflightItem(
                Check,
                PreflightOutcome.Obstacle,
                $"leased to {queue.Lease?.ToString() ?? "a virtual interface"}{(queue.Provider == RxMemoryProvider.IoUring ? ", where an interface queue of io_uring receives" : "")}",
                "Register on that queue, inside the container that has the interface, or choose another queue. A lease ends when the virtual interface is deleted");
        }

        if (queue is { NapiId: 0, Provider: RxMemoryProvider.Kernel } && !nic.IsUp)
        {
            return new PreflightItem(Check, PreflightOutcome.Warning, "unknown while the interface is down; only an attempt can tell", $"Bring it up with `ip link set dev {nic.Name} up`");
        }

        RxMemoryProvider? provider = queue?.Provider;
        string? holder = provider switch
        {
            null => "",
            RxMemoryProvider.IoUring => "an interface queue of io_uring, of this process or another",
            RxMemoryProvider.DmaBuf => "a dma-buf (device-memory TCP)",
            RxMemoryProvider.Xsk => "an AF_XDP socket",
            _ => null,
        };
        return holder switch
        {
            null => Passed(Check, "not in use"),
            "" => new PreflightItem(Check, PreflightOutcome.Skipped, "the interface has no such queue"),
            _ => new PreflightItem(Check, PreflightOutcome.Obstacle, $"it receives into the memory of {holder}", "Stop the process that uses it, or choose another queue"),
        };
    }

    private static PreflightItem Rss(PreflightFacts facts, NicFacts nic)
    {
        const string Check = "RSS";
        int here = nic.RssTable.Count(queue => queue == facts.RxQueue);
        if (nic.RssTable.Count == 0)
        {
            return nic.Queues.Count > 1
                ? new PreflightItem(Check, PreflightOutcome.Warning, "the NIC reports no table; traffic for other sockets may arrive on the queue, and they cannot read it", "Make sure that the NIC sends no such traffic to the queue")
                : new PreflightItem(Check, PreflightOutcome.Warning, "the interface has one queue, and other sockets cannot read what arrives on it", "Use a NIC with several queues");
        }

        return here == 0
            ? Passed(Check, "sends nothing to the queue: only flow rules do")
            : new PreflightItem(
                Check,
                PreflightOutcome.Warning,
                $"sends {Number(here)} of {Number(nic.RssTable.Count)} buckets to the queue: other sockets cannot read what arrives there",
                $"Carve it out with `ethtool -X {nic.Name} weight {Weights(facts, nic)}`, or set ConfigureNic");
    }

    private static PreflightItem Rules(PreflightFacts facts, NicFacts nic)
    {
        const string Check = "flow rules";
        int here = nic.Rules.Values.Count(rule => rule.Queue == facts.RxQueue) + nic.OtherRules.Values.Count(queue => queue == facts.RxQueue);
        return here > 0
            ? Passed(Check, $"{Number(here)} to the queue")
            : new PreflightItem(
                Check,
                PreflightOutcome.Warning,
                "none sends connections to the queue: they arrive on other queues, and are copied",
                $"Add one for the port with `ethtool -N {nic.Name} flow-type tcp4 dst-port PORT action {Number(facts.RxQueue)}` (and tcp6), or set ConfigureNic");
    }

    private static string Weights(PreflightFacts facts, NicFacts nic) =>
        string.Join(' ', nic.Queues.Select(queue => queue.Index == facts.RxQueue ? "0" : "1"));

    private static PreflightItem Passed(string check, string text) => new(check, PreflightOutcome.Passed, text);

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
