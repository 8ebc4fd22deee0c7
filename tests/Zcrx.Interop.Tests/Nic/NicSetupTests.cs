using System.Net;
using System.Net.Sockets;
using FsCheck;
using FsCheck.Fluent;

namespace Zcrx.Interop.Tests.Nic;

/// <summary>
/// Tests the set-up of claimed queues and ports. Other traffic must not be affected, and all settings must be restored at the end.
/// </summary>
public class NicSetupTests
{
    private static readonly IPAddress[] Addresses = [IPAddress.Any, IPAddress.IPv6Any, IPAddress.IPv6Loopback];
    private static readonly int[] Even = [.. Enumerable.Range(0, 128).Select(bucket => bucket % 4)];

    /// <summary>Represents one generated claim or release. Every combination of values is valid.</summary>
    public sealed record Step(byte Kind, byte Value);

    [Fact]
    public void Claimed_queue_is_removed_from_RSS_and_claimed_port_is_steered_to_it()
    {
        Bench bench = new(new EmulatedNicOptions { HeaderDataSplit = false, HdsThreshold = 100 });
        IDisposable queue = bench.Setup.ClaimQueue(2);
        IDisposable port = bench.Setup.ClaimPort(new IPEndPoint(IPAddress.IPv6Any, 9000), 2);

        Assert.Equal((true, 0), (bench.Nic.HeaderDataSplit, bench.Nic.HdsThreshold));
        Assert.Equal(Even.Select((queue, bucket) => queue == 2 ? -1 : queue), bench.Nic.RssTable.Select((queue, bucket) => Even[bucket] == 2 ? -1 : queue));
        Assert.DoesNotContain(2, bench.Nic.RssTable);
        Assert.Equal(2, bench.Nic.QueueOf(new IPEndPoint(IPAddress.Loopback, 9000), new IPEndPoint(IPAddress.Loopback, 40_000)));
        Assert.Equal(2, bench.Nic.QueueOf(new IPEndPoint(IPAddress.IPv6Loopback, 9000), new IPEndPoint(IPAddress.IPv6Loopback, 40_000)));

        port.Dispose();
        queue.Dispose();
        queue.Dispose();
        bench.AssertAsBefore();
        Assert.Contains("enic0: tcp-data-split on hds-thresh 0 (was tcp-data-split off hds-thresh 100)", bench.Said);
        Assert.Contains("enic0: flow-type tcp6 dst-port 9000 action 2", bench.Said);
    }

    [Fact]
    public void Claim_that_would_affect_other_owners_is_refused_and_changes_nothing()
    {
        Bench bench = new(new EmulatedNicOptions { RxQueues = 2 });
        Assert.Contains("has 2 RX queues", Assert.Throws<ZcrxDeviceException>(() => bench.Setup.ClaimQueue(2)).Message, StringComparison.Ordinal);
        using (bench.Setup.ClaimQueue(0))
        {
            Assert.Contains("this process would use all 2 RX queues of enic0 and leave none for other traffic", Assert.Throws<ZcrxDeviceException>(() => bench.Setup.ClaimQueue(1)).Message, StringComparison.Ordinal);
        }

        bench.AssertAsBefore();
        NicFacts facts = new EmulatedNicFacts([new EmulatedNic()]).Read("enic0");
        Assert.Contains("RSS contexts (1, 2)", Refusal<ZcrxDeviceException>(facts with { RssContexts = [1, 2] }), StringComparison.Ordinal);
        Assert.Contains("has no RSS table", Refusal<ZcrxUnsupportedException>(facts with { RssTable = [] }), StringComparison.Ordinal);
        Assert.Contains("XDP", Refusal<ZcrxQueueBusyException>(facts with { HasXdp = true }), StringComparison.Ordinal);
        Assert.Contains("another owner", Refusal<ZcrxQueueBusyException>(facts with { Queues = [.. facts.Queues.Select(queue => queue with { Provider = RxMemoryProvider.Xsk })] }), StringComparison.Ordinal);
    }

    [Fact]
    public void Rule_of_a_port_passes_to_the_next_listener()
    {
        Bench bench = new(new EmulatedNicOptions());
        using IDisposable first = bench.Setup.ClaimQueue(1);
        using IDisposable second = bench.Setup.ClaimQueue(2);
        IPEndPoint endPoint = new(IPAddress.Loopback, 9000);
        IDisposable one = bench.Setup.ClaimPort(endPoint, 1);
        using IDisposable other = bench.Setup.ClaimPort(endPoint, 2);

        Assert.Equal([1], bench.Nic.Rules.Values.Select(rule => rule.Queue));
        one.Dispose();
        Assert.Equal([2], bench.Nic.Rules.Values.Select(rule => rule.Queue));
    }

    [Fact]
    public void Listener_of_one_family_keeps_the_rule_of_the_other_family()
    {
        Bench bench = new(new EmulatedNicOptions());
        using IDisposable first = bench.Setup.ClaimQueue(1);
        using IDisposable second = bench.Setup.ClaimQueue(2);
        IDisposable old = bench.Setup.ClaimPort(new IPEndPoint(IPAddress.Any, 9000), 1);
        IDisposable both = bench.Setup.ClaimPort(new IPEndPoint(IPAddress.IPv6Any, 9000), 2);
        Assert.Equal([(AddressFamily.InterNetwork, 1), (AddressFamily.InterNetworkV6, 2)], Rules());

        old.Dispose();
        Assert.Equal([(AddressFamily.InterNetwork, 2), (AddressFamily.InterNetworkV6, 2)], Rules());
        both.Dispose();
        Assert.Empty(Rules());

        IEnumerable<(AddressFamily Family, int Queue)> Rules() => bench.Nic.Rules.Values.Select(static rule => (rule.Family!.Value, rule.Queue)).Order();
    }

    [Fact]
    public void A_rule_that_another_listener_of_the_same_queue_needs_stays_untouched()
    {
        Bench bench = new(new EmulatedNicOptions());
        using IDisposable queue = bench.Setup.ClaimQueue(1);
        IDisposable one = bench.Setup.ClaimPort(new IPEndPoint(IPAddress.Loopback, 9000), 1);
        using IDisposable other = bench.Setup.ClaimPort(new IPEndPoint(IPAddress.Any, 9000), 1);
        int rule = Assert.Single(bench.Nic.Rules).Key;

        one.Dispose();

        Assert.Equal(rule, Assert.Single(bench.Nic.Rules).Key);
        other.Dispose();
        Assert.Empty(bench.Nic.Rules);
    }

    [Fact]
    public void Rule_that_cannot_be_removed_does_not_prevent_the_removal_of_the_others()
    {
        EmulatedNic nic = new();
        EmulatedNicFacts facts = new([nic]);
        Stubborn steering = new(new EmulatedFlowSteering([nic]));
        List<string> said = [];
        NicSetup setup = new(nic.Name, facts, steering, said.Add);
        using IDisposable queue = setup.ClaimQueue(1);
        IDisposable port = setup.ClaimPort(new IPEndPoint(IPAddress.IPv6Any, 9000), 1);
        steering.Keeps = nic.Rules.Keys.First();

        port.Dispose();

        Assert.Equal([steering.Keeps.Value], nic.Rules.Keys);
        Assert.Single(said, text => text.StartsWith("enic0: could not restore: ", StringComparison.Ordinal));
        // The next claim must not rely on the rule that could not be removed. It adds two rules of its own, so there are three.
        using IDisposable next = setup.ClaimPort(new IPEndPoint(IPAddress.IPv6Any, 9000), 1);
        Assert.Equal(3, nic.Rules.Count);
    }

    [Fact]
    public void Table_that_another_program_has_changed_is_kept_and_reported()
    {
        Bench bench = new(new EmulatedNicOptions());
        IDisposable claim = bench.Setup.ClaimQueue(1);
        int[] foreign = [.. Enumerable.Repeat(3, 128)];
        bench.Nic.RssTable = foreign;
        claim.Dispose();
        Assert.Equal(foreign, bench.Nic.RssTable);
        Assert.Contains("enic0: the RSS table was changed by another program (128 buckets, queue 3: 128), and is not changed", bench.Said);
    }

    [Fact]
    public void Claims_of_a_removed_interface_can_be_disposed()
    {
        Bench bench = new(new EmulatedNicOptions());
        IDisposable queue = bench.Setup.ClaimQueue(1);
        IDisposable port = bench.Setup.ClaimPort(new IPEndPoint(IPAddress.Loopback, 9000), 1);
        bench.Nic.Remove();
        port.Dispose();
        queue.Dispose();
        Assert.Equal(2, bench.Said.Count(text => text.StartsWith("enic0: could not restore: ", StringComparison.Ordinal)));
    }

    [Fact]
    public void Dry_run_prints_the_commands_and_changes_nothing()
    {
        EmulatedNic nic = new(new EmulatedNicOptions { HeaderDataSplit = false });
        List<string> commands = [];
        NicSetup setup = new(nic.Name, new EmulatedNicFacts([nic]), new DryRunSteering(commands.Add));
        setup.ClaimQueue(3);
        setup.ClaimPort(new IPEndPoint(IPAddress.Any, 9000), 3);

        Assert.Equal(["ethtool -G enic0 tcp-data-split on hds-thresh 0", "ethtool -X enic0 weight 43 43 42", "ethtool -N enic0 flow-type tcp4 dst-port 9000 action 3"], commands);
        Assert.Equal((false, 0), (nic.HeaderDataSplit, nic.Rules.Count));
        Assert.Equal(Even, nic.RssTable);
    }

    [Fact]
    public void Any_order_of_claims_and_releases_leaves_the_right_settings() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(300).WithEndSize(30),
        Prop.ForAll<Step[]>(steps =>
        {
            Bench bench = new(new EmulatedNicOptions { HdsThreshold = 7 });
            List<(int Queue, IDisposable Claim)> queues = [];
            List<(int Port, int Queue, AddressFamily[] Families, IDisposable Claim)> ports = [];
            foreach (Step step in steps)
            {
                switch (step.Kind % 4)
                {
                    case 0:
                        int queue = step.Value % 4;
                        if (queues.Select(claim => claim.Queue).Append(queue).Distinct().Count() == 4)
                        {
                            Assert.Throws<ZcrxDeviceException>(() => bench.Setup.ClaimQueue(queue));
                        }
                        else
                        {
                            queues.Add((queue, bench.Setup.ClaimQueue(queue)));
                        }

                        break;
                    case 1 when queues.Count > 0:
                        (int Queue, IDisposable Claim) taken = queues[step.Value % queues.Count];
                        queues.Remove(taken);
                        taken.Claim.Dispose();
                        break;
                    case 2 when queues.Count > 0:
                        int port = 9000 + (step.Value % 3);
                        IPAddress address = Addresses[step.Value / 3 % Addresses.Length];
                        int receiver = queues[step.Value / 9 % queues.Count].Queue;
                        ports.Add((port, receiver, FamiliesOf(address), bench.Setup.ClaimPort(new IPEndPoint(address, port), receiver)));
                        break;
                    case 3 when ports.Count > 0:
                        (int Port, int Queue, AddressFamily[] Families, IDisposable Claim) gone = ports[step.Value % ports.Count];
                        ports.Remove(gone);
                        gone.Claim.Dispose();
                        break;
                    default:
                        break;
                }

                Assert.Equal(queues.Count > 0, bench.Nic.HdsThreshold == 0);
                Assert.DoesNotContain(bench.Nic.RssTable, bucket => queues.Any(claim => claim.Queue == bucket));
                Assert.All(Even.Zip(bench.Nic.RssTable), pair => Assert.True(pair.First == pair.Second || queues.Any(claim => claim.Queue == pair.First)));
                // There is one rule for each port and address family with a listener. It steers to the queue of one of these listeners.
                Assert.Equal(
                    ports.SelectMany(claim => claim.Families.Select(family => (claim.Port, family))).Distinct().Order(),
                    bench.Nic.Rules.Values.Select(rule => (rule.LocalPort!.Value, rule.Family!.Value)).Order());
                Assert.All(bench.Nic.Rules.Values, rule => Assert.Contains(ports, claim => claim.Port == rule.LocalPort && claim.Queue == rule.Queue && claim.Families.Contains(rule.Family!.Value)));
            }

            ports.ForEach(claim => claim.Claim.Dispose());
            queues.ForEach(claim => claim.Claim.Dispose());
            bench.AssertAsBefore();
        }));

    private static AddressFamily[] FamiliesOf(IPAddress address) =>
        address.Equals(IPAddress.IPv6Any) ? [AddressFamily.InterNetwork, AddressFamily.InterNetworkV6] : [address.AddressFamily];

    private static string Refusal<T>(NicFacts facts)
        where T : ZcrxException
    {
        List<string> commands = [];
        NicSetup setup = new(facts.Name, new Fixed(facts), new DryRunSteering(commands.Add));
        string message = Assert.Throws<T>(() => setup.ClaimQueue(1)).Message;
        Assert.Empty(commands);
        return message;
    }

    private sealed class Fixed(NicFacts facts) : INicFacts
    {
        public NicFacts Read(string interfaceName) => facts;

        public RxQueueId? QueueOf(Socket socket) => null;
    }

    /// <summary>Represents the flow rules of an interface that refuses to remove one rule.</summary>
    private sealed class Stubborn(IFlowSteering inner) : IFlowSteering
    {
        public int? Keeps { get; set; }

        public int AddRule(string interfaceName, FlowRule rule) => inner.AddRule(interfaceName, rule);

        public bool RemoveRule(string interfaceName, int id) => id == Keeps ? throw new ZcrxDeviceException("Removing", 5, "the rule cannot be removed", "") : inner.RemoveRule(interfaceName, id);

        public void SetRssTable(string interfaceName, IReadOnlyList<int> table) => inner.SetRssTable(interfaceName, table);

        public void SetHeaderDataSplit(string interfaceName, bool? split, int? threshold) => inner.SetHeaderDataSplit(interfaceName, split, threshold);
    }

    private sealed class Bench
    {
        private readonly (bool Split, int Threshold, IReadOnlyList<int> Table) _before;
        private readonly NicChangeJournal _journal;

        public Bench(EmulatedNicOptions options)
        {
            Nic = new EmulatedNic(options);
            _before = (Nic.HeaderDataSplit, Nic.HdsThreshold, Nic.RssTable);
            EmulatedNicFacts facts = new([Nic]);
            _journal = NicChangeJournal.InMemory(facts, new EmulatedFlowSteering([Nic]));
            Setup = new NicSetup(Nic.Name, facts, _journal, Said.Add);
        }

        public EmulatedNic Nic { get; }

        public NicSetup Setup { get; }

        public List<string> Said { get; } = [];

        public void AssertAsBefore()
        {
            Assert.Equal((_before.Split, _before.Threshold), (Nic.HeaderDataSplit, Nic.HdsThreshold));
            Assert.Equal(_before.Table, Nic.RssTable);
            Assert.Empty(Nic.Rules);
            Assert.Empty(_journal.Pending);
        }
    }
}
