using System.Net;
using System.Net.Sockets;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Nic.Journal;

namespace Zcrx.Interop.Tests.Nic;

/// <summary>
/// Tests how the host leases a queue to a container. It sets the NIC up and leases the queue. At the end, all changes except the lease are
/// undone.
/// </summary>
public class QueueLeaseTests
{
    private static readonly ContainerInterface Container = new("web", "nkc");

    [Theory]
    [InlineData("web", "/run/netns/web")]
    [InlineData("4711", "/proc/4711/ns/net")]
    [InlineData("/proc/1/ns/net", "/proc/1/ns/net")]
    public void A_container_is_named_by_namespace_process_or_path(string text, string path) => Assert.Equal(path, new ContainerInterface(text, "nkc").NamespacePath);

    [Fact]
    public void Leased_queue_is_removed_from_RSS_and_everything_except_the_lease_is_undone()
    {
        Bench bench = new();
        NicQueueLease lease = bench.Setup.LeaseQueue(2, Container);
        Assert.Equal(1, lease.Queue);
        Assert.True(bench.Nic.HeaderDataSplit);
        Assert.DoesNotContain(2, bench.Nic.RssTable);
        Assert.Contains($"{bench.Nic.Name}: RX queue 2 is leased to nkc in web, as RX queue 1", bench.Said);
        Assert.Contains($"{bench.Nic.Name}: lease of RX queue 2 to nkc in web", bench.Journal.Pending);

        lease.Dispose();
        Assert.True(bench.Journal.Undo());
        bench.AssertAsBefore();
        Assert.Contains(bench.Said, text => text.Contains("RX queue 2 stays leased to nkc in web: the kernel has no command that ends a lease", StringComparison.Ordinal));
    }

    [Fact]
    public void Lease_that_ended_with_its_interface_is_not_reported()
    {
        Bench bench = new();
        NicQueueLease lease = bench.Setup.LeaseQueue(2, Container);
        bench.Leases.Clear();
        lease.Dispose();
        Assert.True(bench.Journal.Undo());
        bench.AssertAsBefore();
        Assert.DoesNotContain(bench.Said, text => text.Contains("stays", StringComparison.Ordinal));
    }

    [Fact]
    public void A_queue_on_which_a_container_receives_stays_out_of_RSS_until_it_has_closed_it()
    {
        Bench bench = new();
        NicQueueLease lease = bench.Setup.LeaseQueue(2, Container);
        bench.Leases[2] = RxMemoryProvider.IoUring;
        lease.Dispose();
        Assert.False(bench.Journal.Undo());
        Assert.DoesNotContain(2, bench.Nic.RssTable);
        Assert.Contains(bench.Said, text => text.Contains("a container still receives on the leased RX queue 2", StringComparison.Ordinal));

        bench.Leases[2] = RxMemoryProvider.Leased;
        Assert.True(bench.Journal.Undo());
        bench.AssertAsBefore();
    }

    [Fact]
    public void A_lease_that_is_refused_changes_nothing()
    {
        Bench bench = new() { Refuses = true };
        Assert.Throws<ZcrxQueueBusyException>(() => bench.Setup.LeaseQueue(2, Container));
        bench.AssertAsBefore();
    }

    [Fact]
    public void A_crash_after_a_lease_is_cleaned_up_by_the_next_start()
    {
        string directory = Directory.CreateTempSubdirectory("zcrx-lease-").FullName;
        try
        {
            Bench bench = new();
            JournalOwner self = JournalOwner.Current();
            NicChangeJournal crashed = new(bench, bench.Steering, new JournalFile(directory, self with { StartTime = self.StartTime + 1 }), null, leasing: bench);
            new NicSetup(bench.Nic.Name, bench, crashed, null, crashed).LeaseQueue(2, Container);
            List<string> said = [];
            Assert.Empty(JournalDirectory.Open(directory, bench, bench.Steering, said.Add, bench).Pending);
            bench.AssertAsBefore();
            Assert.Contains(said, text => text.Contains("stays leased to nkc in web", StringComparison.Ordinal));
            Assert.Equal(["lock"], Directory.GetFiles(directory).Select(Path.GetFileName));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public void Queue_that_is_already_leased_is_refused_as_busy()
    {
        Bench bench = new();
        bench.Leases[2] = RxMemoryProvider.Leased;
        ZcrxQueueBusyException busy = Assert.Throws<ZcrxQueueBusyException>(() => bench.Setup.ClaimQueue(2));
        Assert.Contains("leased to queue 1 of the interface with index 4 in network namespace 0", busy.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Stop the process", busy.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void In_the_container_a_set_up_is_refused_because_it_belongs_to_the_host()
    {
        Bench bench = new() { IsNetkit = true };
        ZcrxUnsupportedException refused = Assert.Throws<ZcrxUnsupportedException>(() => bench.Setup.ClaimQueue(1));
        Assert.Contains("header/data split and steering belong to the host of this container", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Ingest lease", refused.Fix, StringComparison.Ordinal);
    }

    [Fact]
    public void A_dry_run_prints_the_lease_between_RSS_and_rules()
    {
        Bench bench = new();
        List<string> commands = [];
        DryRunSteering dryRun = new(commands.Add);
        NicSetup setup = new(bench.Nic.Name, bench, dryRun, leasing: dryRun);
        setup.LeaseQueue(2, Container);
        setup.ClaimPort(new IPEndPoint(IPAddress.Any, 9000), 2);

        Assert.Equal(["ethtool", "ethtool", "nsenter", "nsenter", "ethtool"], commands.Select(command => command.Split(' ')[0]));
        Assert.Contains("nsenter --net=/run/netns/web ynl --family netdev --do queue-create", commands[3], StringComparison.Ordinal);
        Assert.Contains("\"queue\": {\"id\": 2, \"type\": \"rx\"}", commands[3], StringComparison.Ordinal);
        Assert.Empty(bench.Leases);
    }

    /// <summary>Represents an emulated interface whose queues can be leased.</summary>
    private sealed class Bench : INicFacts, IQueueLeasing
    {
        private readonly (bool Split, int Threshold, IReadOnlyList<int> Table) _before;
        private readonly EmulatedNicFacts _facts;

        public Bench()
        {
            Nic = new EmulatedNic(new EmulatedNicOptions { HeaderDataSplit = false });
            _before = (Nic.HeaderDataSplit, Nic.HdsThreshold, Nic.RssTable);
            _facts = new EmulatedNicFacts([Nic]);
            Steering = new EmulatedFlowSteering([Nic]);
            Journal = new NicChangeJournal(this, Steering, new MemoryStore(), Said.Add, leasing: this);
            Setup = new NicSetup(Nic.Name, this, Journal, Said.Add, Journal);
        }

        public EmulatedNic Nic { get; }

        public EmulatedFlowSteering Steering { get; }

        public NicChangeJournal Journal { get; }

        public NicSetup Setup { get; }

        public List<string> Said { get; } = [];

        public Dictionary<int, RxMemoryProvider> Leases { get; } = [];

        public bool Refuses { get; init; }

        public bool IsNetkit { get; init; }

        public NicFacts Read(string interfaceName)
        {
            NicFacts facts = _facts.Read(interfaceName);
            return facts with
            {
                Driver = IsNetkit ? "netkit" : facts.Driver,
                HasDevice = !IsNetkit,
                Queues = [.. facts.Queues.Select(queue => Leases.TryGetValue(queue.Index, out RxMemoryProvider provider)
                    ? queue with { Provider = provider, Lease = new RxQueueLease(4, 1, 0) }
                    : queue)],
            };
        }

        public RxQueueId? QueueOf(Socket socket) => null;

        public int Lease(string interfaceName, int queue, ContainerInterface to)
        {
            Leases[queue] = Refuses ? throw new ZcrxQueueBusyException("Leasing", Errno.EBUSY, "the queue is in use", "") : RxMemoryProvider.Leased;
            return 1;
        }

        public void AssertAsBefore()
        {
            Assert.Equal((_before.Split, _before.Threshold), (Nic.HeaderDataSplit, Nic.HdsThreshold));
            Assert.Equal(_before.Table, Nic.RssTable);
            Assert.Empty(Nic.Rules);
            Assert.Empty(Journal.Pending);
        }

        private sealed class MemoryStore : IJournalStore
        {
            public void Save(IReadOnlyList<JournalEntry> entries)
            {
            }
        }
    }
}
