using Zcrx.Interop.Nic.Preflight;

namespace Zcrx.Interop.Tests.Nic;

/// <summary>Tests that a registration succeeds exactly if the preflight has found no obstacle.</summary>
public class PreflightTests
{
    private const long Area = 1 << 20;

    private static readonly NicFacts Ready = new()
    {
        Name = "eth0",
        Index = 3,
        IsUp = true,
        Driver = "bnxt_en",
        HasDevice = true,
        MaxRxQueues = 8,
        HeaderDataSplit = true,
        HdsThreshold = 0,
        RssTable = [0, 1, 0, 1],
        Rules = new Dictionary<int, FlowRule> { [0] = new(2, LocalPort: 9000) },
        Queues = [.. Enumerable.Range(0, 4).Select(index => new RxQueueFacts(index, 100, RxMemoryProvider.Kernel))],
    };

    public static TheoryData<string, string> Obstacles => new()
    {
        { "device", "purely virtual" },
        { "queue", "there is no RX queue 2: eth0 has 2, and can have 8" },
        { "header/data split", "off" },
        { "hds-thresh", "128: shorter packets are not split" },
        { "XDP", "a program is attached" },
        { "queue free", "an interface queue of io_uring" },
    };

    [SkippableFact]
    public void Preflight_of_every_interface_and_of_a_missing_one_predicts_its_registration()
    {
        foreach (string name in Directory.GetDirectories("/sys/class/net").Select(path => Path.GetFileName(path)).Append("nosuch0"))
        {
            AssertTrue(name);
        }
    }

    [SkippableFact]
    public void Preflight_of_a_veth_predicts_its_registration()
    {
        using NetworkNamespace place = new();
        place.Ip("link", "set", "v0", "up");
        NicPreflight found = place.Run(static () => AssertTrue("v0"));
        Assert.Contains(found.Items, item => item is { Check: "device", Outcome: PreflightOutcome.Obstacle, Text: "v0 is purely virtual (veth): there is no device that could write into memory" });
    }

    [Fact]
    public void Interface_that_is_ready_passes_all_checks()
    {
        IReadOnlyList<PreflightItem> items = Run(Ready);
        Assert.All(items, item => Assert.True(item is { Outcome: PreflightOutcome.Passed, Fix: "" }, $"{item}"));
        Assert.Equal(
            ["kernel", "io_uring", "CAP_NET_ADMIN", "locked memory", "interface", "link", "device", "driver", "queue", "header/data split", "hds-thresh", "XDP", "queue free", "RSS", "flow rules"],
            items.Select(item => item.Check));
    }

    [Theory]
    [MemberData(nameof(Obstacles))]
    public void Each_obstacle_is_found_by_itself_and_has_a_fix(string check, string text)
    {
        NicFacts facts = check switch
        {
            "device" => Ready with { HasDevice = false },
            "queue" => Ready with { Queues = [.. Ready.Queues.Take(2)] },
            "header/data split" => Ready with { HeaderDataSplit = false },
            "hds-thresh" => Ready with { HdsThreshold = 128 },
            "XDP" => Ready with { HasXdp = true },
            _ => Ready with { Queues = [.. Ready.Queues.Select(queue => queue with { Provider = RxMemoryProvider.IoUring })] },
        };
        PreflightItem obstacle = Assert.Single(Run(facts), item => item.Outcome == PreflightOutcome.Obstacle);
        Assert.Equal(check, obstacle.Check);
        Assert.Contains(text, obstacle.Text, StringComparison.Ordinal);
        Assert.NotEmpty(obstacle.Fix);
    }

    [Fact]
    public void Finding_that_does_not_prevent_a_registration_is_a_warning()
    {
        NicFacts facts = Ready with { IsUp = false, Driver = "e1000e", RssTable = [0, 1, 2, 3], Rules = new Dictionary<int, FlowRule>() };
        PreflightItem[] warnings = [.. Run(facts).Where(item => item.Outcome != PreflightOutcome.Passed)];

        Assert.Equal(["link", "driver", "RSS", "flow rules"], warnings.Select(item => item.Check));
        Assert.All(warnings, item => Assert.True(item.Outcome == PreflightOutcome.Warning && item.Fix.Length > 0, $"{item}"));
        Assert.StartsWith("Carve it out with `ethtool -X eth0 weight 1 1 0 1`", warnings[2].Fix, StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_permission_is_an_obstacle()
    {
        HostFacts host = Host() with { EffectiveCapabilities = 0, LockedMemoryLimit = 4096, IoUringAccess = IoUringAccess.Nobody };
        IReadOnlyList<PreflightItem> items = Run(Ready, host);
        Assert.Equal(["io_uring", "CAP_NET_ADMIN", "locked memory"], items.Where(item => item.Outcome == PreflightOutcome.Obstacle).Select(item => item.Check));
        Assert.Contains("sysctl kernel.io_uring_disabled=0", items[1].Fix, StringComparison.Ordinal);
    }

    private static NicPreflight AssertTrue(string name)
    {
        NicPreflight found = NicPreflight.Look(name, 0, Area);
        string? refusal = null;
        try
        {
            using IoRing ring = IoRing.Create(new LinuxKernel(), new IoRingOptions());
            InterfaceQueue.Register(ring, new InterfaceQueueOptions { Interface = name, AreaSize = (nuint)Area }, ZcrxCapabilities.Query(new LinuxKernel())).Dispose();
        }
        catch (ZcrxException exception)
        {
            refusal = exception.Message;
        }

        Assert.True(found.CanRegister == (refusal is null), $"{name}: {refusal}; found: {string.Join("; ", found.Items)}");
        Assert.Equal(found.CanRegister, NicPreflight.Try(name, 0, Area).CanRegister);
        return found;
    }

    private static HostFacts Host() => HostFacts.Parse("7.2.0", 4096, null, null, null, null, null);

    private static IReadOnlyList<PreflightItem> Run(NicFacts nic, HostFacts? host = null) => PreflightChecks.Run(
        new PreflightFacts(ZcrxCapabilities.Query(new EmulatedKernel()), host ?? Host(), nic, null, nic.Name, 2, Area));
}
