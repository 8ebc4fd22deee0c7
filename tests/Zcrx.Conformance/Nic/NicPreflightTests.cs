using System.Globalization;
using Zcrx.Conformance.Support;
using Zcrx.Interop;

namespace Zcrx.Conformance.Nic;

/// <summary>Tests that a registration on the machine's NIC behaves as the preflight predicted, whatever the NIC's state.</summary>
public class NicPreflightTests : IClassFixture<LeakCheck>
{
    private readonly NetlinkFlowSteering _steering = new();

    [SkippableFact]
    public void Preflight_predicts_the_registration_in_each_state_of_the_interface()
    {
        ConfiguredNic nic = ConfiguredNic.Open();
        NicFacts before = new NetlinkNicFacts().Read(nic.Interface);
        AssertVerdict(nic, obstacle: null);
        AssertVerdict(nic, "queue", queue: (uint)before.Queues.Count);
        try
        {
            SetHeaderDataSplit(nic, false, null);
            AssertVerdict(nic, "header/data split");
            SetHeaderDataSplit(nic, true, before.HdsThreshold);
            AssertVerdict(nic, obstacle: null);
            if (before.HdsThreshold is not null)
            {
                SetHeaderDataSplit(nic, true, 64);
                AssertVerdict(nic, "hds-thresh");
            }
        }
        finally
        {
            SetHeaderDataSplit(nic, before.HeaderDataSplit, before.HdsThreshold);
        }

        using (new NicQueue(nic))
        {
            AssertVerdict(nic, "queue free");
        }

        nic.Control("link", "down");
        try
        {
            AssertVerdict(nic, obstacle: null);
        }
        finally
        {
            nic.Control("link", "up");
        }

        AssertVerdict(nic, obstacle: null);
    }

    [SkippableFact]
    public void Queue_in_the_RSS_table_and_queue_without_a_rule_are_warnings()
    {
        ConfiguredNic nic = ConfiguredNic.Open();
        NicFacts before = new NetlinkNicFacts().Read(nic.Interface);
        int queue = (int)nic.Queue;
        try
        {
            _steering.SetRssTable(nic.Interface, [.. before.RssTable.Select((_, bucket) => bucket % before.Queues.Count)]);
            Assert.Equal(PreflightOutcome.Warning, Item(nic, "RSS").Outcome);
            _steering.SetRssTable(nic.Interface, [.. before.RssTable.Select(_ => (queue + 1) % before.Queues.Count)]);
            Assert.Equal(PreflightOutcome.Passed, Item(nic, "RSS").Outcome);
            Assert.Equal(PreflightOutcome.Warning, Item(nic, "flow rules").Outcome);
            int rule = _steering.AddRule(nic.Interface, new FlowRule(queue, LocalPort: 9000) { Family = System.Net.Sockets.AddressFamily.InterNetwork });
            Assert.Equal(PreflightOutcome.Passed, Item(nic, "flow rules").Outcome);
            Assert.True(_steering.RemoveRule(nic.Interface, rule));
        }
        finally
        {
            _steering.SetRssTable(nic.Interface, before.RssTable);
        }
    }

    /// <summary>
    /// Changes header/data split, and retries until the device permits it. It refuses as long as one of its queues has a memory provider,
    /// and the kernel closes such queues in the background.
    /// </summary>
    private void SetHeaderDataSplit(ConfiguredNic nic, bool? enabled, int? threshold)
    {
        Deadline.Watch watch = Deadline.Start("the device has no zero-copy queue any more and takes the setting");
        while (true)
        {
            try
            {
                _steering.SetHeaderDataSplit(nic.Interface, enabled, threshold);
                return;
            }
            catch (ZcrxException exception) when (exception.Message.Contains("memory provider", StringComparison.Ordinal))
            {
                watch.Check(() => exception.Message);
            }
        }
    }

    private static PreflightItem Item(ConfiguredNic nic, string check) =>
        Assert.Single(NicPreflight.Look(nic.Interface, (int)nic.Queue, 1 << 20).Items, item => item.Check == check);

    private static void AssertVerdict(ConfiguredNic nic, string? obstacle, uint? queue = null)
    {
        uint index = queue ?? nic.Queue;
        NicPreflight found = new([]);
        string? refusal = null;
        string Everything() => string.Create(CultureInfo.InvariantCulture, $"{refusal ?? "registered"}; found: {string.Join("; ", found.Items)}");
        // Repeats both calls. The kernel releases a queue some time after its ring was closed, so the first results may be those of an
        // earlier queue.
        Deadline.Watch watch = Deadline.Start("the preflight gives the expected verdict, and a registration agrees with it");
        do
        {
            watch.Check(Everything);
            found = NicPreflight.Look(nic.Interface, (int)index, 1 << 20);
            refusal = Register(nic, index);
        }
        while (found.CanRegister != (refusal is null) || found.CanRegister != (obstacle is null));

        Assert.All(found.Items.Where(item => item.Outcome == PreflightOutcome.Obstacle), item => Assert.Equal(obstacle, item.Check));
        Deadline.Until(() => NicPreflight.Try(nic.Interface, (int)index, 1 << 20).CanRegister == found.CanRegister, "NicPreflight.Try gives the same verdict");
    }

    /// <summary>Registers a queue and releases it. Returns the error of the kernel, or null.</summary>
    private static string? Register(ConfiguredNic nic, uint queue)
    {
        try
        {
            using IoRing ring = IoRing.Create(nic.Kernel.Kernel, new IoRingOptions());
            InterfaceQueue.Register(ring, new InterfaceQueueOptions { Interface = nic.Interface, RxQueue = queue, AreaSize = 1 << 20 }, nic.Kernel.Capabilities).Dispose();
            return null;
        }
        catch (ZcrxException exception)
        {
            return exception.Message;
        }
    }
}
