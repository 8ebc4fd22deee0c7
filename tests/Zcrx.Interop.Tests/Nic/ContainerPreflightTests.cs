using Zcrx.Interop.Abi;
using Zcrx.Interop.Nic.Preflight;

namespace Zcrx.Interop.Tests.Nic;

/// <summary>Tests what the preflight reports and recommends for leased queues, inside the container and on the host.</summary>
public class ContainerPreflightTests
{
    private const long Area = 1 << 20;

    /// <summary>
    /// The state of an interface inside a container on Linux 7.2 and 7.3. Queue 0 is not leased, the other two are. No queue has a NAPI
    /// instance.
    /// </summary>
    private static readonly NicFacts Inside = new()
    {
        Name = "nkc",
        Index = 4,
        IsUp = true,
        Driver = "netkit",
        MaxRxQueues = 4,
        Queues = [.. Enumerable.Range(0, 3).Select(index => new RxQueueFacts(index, 0, RxMemoryProvider.Kernel))],
    };

    private static readonly NicFacts Host = new()
    {
        Name = "eth0",
        Index = 2,
        IsUp = true,
        Driver = "bnxt_en",
        HasDevice = true,
        MaxRxQueues = 4,
        HeaderDataSplit = true,
        RssTable = [0, 0],
        Rules = new Dictionary<int, FlowRule> { [0] = new(1, LocalPort: 9000) },
        Queues = [new(0, 8197, RxMemoryProvider.Kernel), new(1, 8198, RxMemoryProvider.Leased) { Lease = new RxQueueLease(4, 1, 0) }],
    };

    [Fact]
    public void A_leased_queue_can_be_registered_in_the_container_and_the_rest_belongs_to_the_host()
    {
        NicPreflight found = Run(Inside, 1);
        Assert.True(found.CanRegister, string.Join("; ", found.Items));
        Assert.Equal(
            ["header/data split", "hds-thresh", "RSS", "flow rules"], found.Items.Where(item => item.Outcome == PreflightOutcome.HostSide).Select(item => item.Check));
        Assert.All(found.Items, item => Assert.True(item.Outcome is PreflightOutcome.Passed or PreflightOutcome.HostSide, $"{item}"));
        Assert.All(
            found.Items.Where(item => item.Outcome == PreflightOutcome.HostSide),
            item => Assert.True(item.Text.Contains("to the host", StringComparison.Ordinal) && item.Fix.StartsWith("On the host, ", StringComparison.Ordinal), $"{item}"));
    }

    [Theory]
    [InlineData(0, "device", "RX queue 0 of nkc is not leased from a NIC", "Choose a leased queue (1 to 2)")]
    [InlineData(3, "queue", "the interface has no RX queue 3: nkc has 3 RX queue(s), 2 of them leased", "let the host lease another one")]
    [InlineData(4, "queue", "the interface has no RX queue 4", "numrxqueues 5")]
    public void Queue_that_is_not_leased_cannot_be_registered_until_the_host_leases_one(int queue, string check, string text, string fix)
    {
        NicPreflight found = Run(Inside, queue);
        Assert.False(found.CanRegister);
        PreflightItem obstacle = found.Items.First(item => item.Outcome == PreflightOutcome.Obstacle && item.Check == check);
        Assert.Contains(text, obstacle.Text, StringComparison.Ordinal);
        Assert.Contains(fix, obstacle.Fix, StringComparison.Ordinal);
    }

    [Fact]
    public void An_interface_without_leases_names_the_command_for_the_host()
    {
        PreflightItem device = Run(Inside with { Queues = [Inside.Queues[0]] }, 0).Items.Single(item => item.Check == "device");
        Assert.Contains("`Ingest lease --interface NIC --queue Q --container NAMESPACE --container-interface nkc`", device.Fix, StringComparison.Ordinal);
    }

    [Fact]
    public void A_leased_queue_that_is_bound_is_an_obstacle_in_the_container()
    {
        NicPreflight found = Run(Inside with { Queues = [Inside.Queues[0], Inside.Queues[1] with { Provider = RxMemoryProvider.IoUring }] }, 1);
        Assert.Equal("queue free", Assert.Single(found.Items, item => item.Outcome == PreflightOutcome.Obstacle).Check);
    }

    [Theory]
    [InlineData(RxMemoryProvider.Leased, "")]
    [InlineData(RxMemoryProvider.IoUring, ", where an interface queue of io_uring receives")]
    public void Leased_queue_on_the_host_names_its_lease_instead_of_a_process_to_stop(RxMemoryProvider provider, string receives)
    {
        PreflightItem obstacle = Assert.Single(
            Run(Host with { Queues = [Host.Queues[0], Host.Queues[1] with { Provider = provider }] }, 1).Items, item => item.Outcome == PreflightOutcome.Obstacle);
        Assert.Equal("queue free", obstacle.Check);
        Assert.Equal("leased to queue 1 of the interface with index 4 in network namespace 0" + receives, obstacle.Text);
        Assert.StartsWith("Register on that queue, inside the container", obstacle.Fix, StringComparison.Ordinal);
        Assert.DoesNotContain("Stop the process", obstacle.Fix, StringComparison.Ordinal);
    }

    [Fact]
    public void Refused_registration_of_a_leased_queue_names_the_split_setting_of_the_host()
    {
        ZcrxDeviceException refused = new("Registering", Errno.EINVAL, "header/data split of nkc is off", "ethtool -G nkc");
        PreflightItem inside = PreflightChecks.Refused(refused, Run(Inside, 1).Items);
        Assert.Contains("header/data split of the NIC is off", inside.Text, StringComparison.Ordinal);
        Assert.StartsWith("On the host", inside.Fix, StringComparison.Ordinal);
        Assert.Equal("ethtool -G nkc", PreflightChecks.Refused(refused, Run(Host, 0).Items).Fix);
    }

    private static NicPreflight Run(NicFacts nic, int queue) => new(PreflightChecks.Run(new PreflightFacts(
        ZcrxCapabilities.Query(new EmulatedKernel()), HostFacts.Parse("7.2.0", 4096, null, null, null, null, null), nic, null, nic.Name, queue, Area)));
}
