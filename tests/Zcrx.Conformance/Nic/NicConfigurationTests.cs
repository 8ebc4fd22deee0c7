using System.Net;
using System.Net.Sockets;
using Zcrx.Conformance.Support;
using Zcrx.Interop;
using Zcrx.Interop.Nic.Journal;
using Zcrx.Rx;

namespace Zcrx.Conformance.Nic;

/// <summary>Tests that a queue sets up the machine's NIC, and that the NIC is restored at the end and after a crash.</summary>
public sealed class NicConfigurationTests : IClassFixture<LeakCheck>, IDisposable
{
    private readonly NetlinkNicFacts _facts = new();
    private readonly NetlinkFlowSteering _steering = new();
    private readonly string _directory = Directory.CreateTempSubdirectory("zcrx-nic-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [SkippableFact]
    public async Task Queue_sets_its_interface_up_receives_without_a_copy_and_restores_all_settings()
    {
        ConfiguredNic nic = ConfiguredNic.Open(ZcrxFeature.Statistics);
        NicFacts original = _facts.Read(nic.Interface);
        int ours = (int)nic.Queue;
        try
        {
            // Prepares the NIC as its driver does by default: traffic goes to all queues, and header/data split is off.
            int[] even = [.. original.RssTable.Select((_, bucket) => bucket % original.Queues.Count)];
            _steering.SetRssTable(nic.Interface, even);
            _steering.SetHeaderDataSplit(nic.Interface, false, original.HdsThreshold);

            await using (ZcrxQueue queue = await ZcrxQueue.OpenAsync(new ZcrxQueueOptions
            {
                Engine = ZcrxEngine.Nic,
                Interface = nic.Interface,
                RxQueue = ours,
                AreaSize = 256 * Environment.SystemPageSize,
                ConfigureNic = true,
                NicStateDirectory = _directory,
            }))
            {
                NicFacts set = _facts.Read(nic.Interface);
                Assert.True(set.HeaderDataSplit);
                Assert.DoesNotContain(ours, set.RssTable);
                Assert.Single(Directory.GetFiles(_directory, "*.json"));

                using Socket listener = ListenSocket.Bind(new IPEndPoint(nic.Address, 0));
                ushort port = (ushort)((IPEndPoint)listener.LocalEndPoint!).Port;
                TaskCompletionSource<long> received = new(TaskCreationOptions.RunContinuationsAsynchronously);
                long bytes = 0;
                using IDisposable listening = queue.Listen(listener).Subscribe(connection =>
                    connection.Buffers.Subscribe(buffer => bytes += buffer.Length, received.SetException, () => received.SetResult(bytes)));
                Assert.Contains(_facts.Read(nic.Interface).Rules.Values, rule => rule.LocalPort == port && rule.Queue == ours);
                int client = nic.Connect(port);
                int sent = Posix.SendNow(client, new byte[50_000]);
                Posix.Close(client);
                Assert.Equal(sent, await received.Task.WaitAsync(TimeSpan.FromMinutes(1)));
                Assert.Equal(0, queue.Snapshot().CopiedFragments);
            }

            NicFacts after = _facts.Read(nic.Interface);
            Assert.Equal(even, after.RssTable);
            Assert.Equal((false, original.HdsThreshold, original.Rules.Count), (after.HeaderDataSplit, after.HdsThreshold, after.Rules.Count));
            Assert.Empty(Directory.GetFiles(_directory, "*.json"));
        }
        finally
        {
            _steering.SetRssTable(nic.Interface, original.RssTable);
            _steering.SetHeaderDataSplit(nic.Interface, original.HeaderDataSplit, original.HdsThreshold);
        }
    }

    [SkippableFact]
    public void Changes_of_a_dead_process_are_undone_at_the_next_start()
    {
        ConfiguredNic nic = ConfiguredNic.Open();
        NicFacts original = _facts.Read(nic.Interface);
        JournalOwner self = JournalOwner.Current();
        NicChangeJournal dead = new(_facts, _steering, new JournalFile(_directory, self with { StartTime = self.StartTime - 1 }), null);
        dead.SetHeaderDataSplit(nic.Interface, false, original.HdsThreshold);
        dead.SetRssTable(nic.Interface, [.. original.RssTable.Select((_, bucket) => bucket % 2)]);
        dead.AddRule(nic.Interface, new FlowRule(1, LocalPort: 9000) { Family = AddressFamily.InterNetwork });
        dead.AddRule(nic.Interface, new FlowRule(1, 9000, 1234, IPAddress.Parse("2001:db8::1"), IPAddress.Parse("2001:db8::2")));

        List<string> said = [];
        Assert.Empty(NicChangeJournal.Open(_directory, said.Add).Pending);
        NicFacts after = _facts.Read(nic.Interface);
        Assert.Equal(original.RssTable, after.RssTable);
        Assert.Equal((original.HeaderDataSplit, original.HdsThreshold), (after.HeaderDataSplit, after.HdsThreshold));
        Assert.Equal(original.Rules, after.Rules);
        Assert.Equal(5, said.Count);
        Assert.Empty(Directory.GetFiles(_directory, "*.json"));
    }
}
