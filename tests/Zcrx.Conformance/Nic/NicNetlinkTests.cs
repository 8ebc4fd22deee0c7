using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Zcrx.Conformance.Support;
using Zcrx.Interop;

namespace Zcrx.Conformance.Nic;

/// <summary>Tests that the library and the programs <c>ip</c> and <c>ethtool</c> agree on the state of the machine's NIC.</summary>
public class NicNetlinkTests : IClassFixture<LeakCheck>
{
    private readonly NetlinkNicFacts _facts = new();
    private readonly NetlinkFlowSteering _steering = new();

    [SkippableFact]
    public void Netlink_facts_agree_with_those_of_ip_and_ethtool()
    {
        ConfiguredNic nic = ConfiguredNic.Open();
        AwaitUnmanagedQueues(nic);
        NicFacts facts = AssertAgrees(nic);
        Assert.True(facts is { IsUp: true, HasDevice: true, HasXdp: false, HeaderDataSplit: true, HdsThreshold: 0 }, $"{facts}");
        Assert.All(facts.Queues, queue => Assert.True(queue is { NapiId: > 0, Provider: RxMemoryProvider.Kernel }, $"{queue}"));
    }

    [SkippableFact]
    public void Registered_queue_reports_io_uring_as_its_provider()
    {
        ConfiguredNic nic = ConfiguredNic.Open();
        AwaitUnmanagedQueues(nic);
        using (new NicQueue(nic))
        {
            Assert.All(_facts.Read(nic.Interface).Queues, queue => Assert.Equal(queue.Index == nic.Queue ? RxMemoryProvider.IoUring : RxMemoryProvider.Kernel, queue.Provider));
            ZcrxDeviceException refused = Assert.ThrowsAny<ZcrxDeviceException>(() => _steering.SetHeaderDataSplit(nic.Interface, false, null));
            // The message quotes the reason that the kernel gives over netlink.
            Assert.Contains("the kernel reports", refused.Message, StringComparison.Ordinal);
        }

        AwaitUnmanagedQueues(nic);
    }

    [SkippableFact]
    public void QueueOf_returns_the_queue_on_which_packets_arrive()
    {
        ConfiguredNic nic = ConfiguredNic.Open();
        foreach (uint queue in new[] { nic.Queue, 0u })
        {
            using Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            listener.Bind(new IPEndPoint(nic.Address, 0));
            listener.Listen();
            ushort port = (ushort)((IPEndPoint)listener.LocalEndPoint!).Port;
            int rule = _steering.AddRule(nic.Interface, new FlowRule((int)queue, LocalPort: port) { Family = AddressFamily.InterNetwork });
            int client = nic.Connect(port);
            try
            {
                using Socket socket = listener.Accept();
                Assert.Equal(1, Posix.SendNow(client, [1]));
                Assert.Equal(1, socket.Receive(new byte[1]));
                Assert.Equal(new RxQueueId(nic.Interface, (int)queue), _facts.QueueOf(socket));
            }
            finally
            {
                Posix.Close(client);
                Assert.True(_steering.RemoveRule(nic.Interface, rule));
            }
        }
    }

    [SkippableFact]
    public void Rules_can_be_added_and_removed()
    {
        ConfiguredNic nic = ConfiguredNic.Open();
        FlowRule[] rules =
        [
            new(1, LocalPort: 9000) { Family = AddressFamily.InterNetwork },
            new(2, LocalPort: 9000, RemotePort: 1234, LocalAddress: nic.Address, RemoteAddress: IPAddress.Parse("192.0.2.2")),
            new(3, RemotePort: 77, LocalAddress: IPAddress.Parse("2001:db8::1")),
        ];
        List<int> ids = [];
        try
        {
            foreach (FlowRule rule in rules)
            {
                ids.Add(_steering.AddRule(nic.Interface, rule));
            }

            IReadOnlyDictionary<int, FlowRule> read = _facts.Read(nic.Interface).Rules;
            Assert.Equal(rules, ids.Select(id => read[id]));
            string listed = Ask("ethtool", "-n", nic.Interface);
            Assert.Contains($"Total {read.Count} rules", listed, StringComparison.Ordinal);
            Assert.Contains("Dest port: 9000 mask: 0x0\n\tAction: Direct to queue 1", listed, StringComparison.Ordinal);
            Assert.Contains("Dest IP addr: 2001:db8::1 mask: ::\n", listed, StringComparison.Ordinal);
        }
        finally
        {
            ids.ForEach(id => Assert.True(_steering.RemoveRule(nic.Interface, id)));
        }

        Assert.All(ids, id => Assert.False(_steering.RemoveRule(nic.Interface, id)));
        ZcrxDeviceException refused = Assert.Throws<ZcrxDeviceException>(() => _steering.AddRule(nic.Interface, rules[0] with { Queue = 1000 }));
        Assert.Equal("EINVAL", refused.ErrorName);
    }

    [SkippableFact]
    public void RSS_table_can_be_changed_and_restored()
    {
        ConfiguredNic nic = ConfiguredNic.Open();
        NicFacts before = _facts.Read(nic.Interface);
        try
        {
            int[] scrambled = [.. before.RssTable.Select((_, bucket) => (bucket / 3) % before.Queues.Count)];
            _steering.SetRssTable(nic.Interface, scrambled);
            Assert.Equal(scrambled, AssertAgrees(nic).RssTable);

            // After the reset to the default, other programs can configure the table again.
            int[] even = [.. before.RssTable.Select((_, bucket) => bucket % before.Queues.Count)];
            _steering.SetRssTable(nic.Interface, even);
            Assert.Equal(even, AssertAgrees(nic).RssTable);
            Ask("ethtool", "-X", nic.Interface, "equal", "2");
            Assert.Equal(2, AssertAgrees(nic).RssTable.Distinct().Count());
            Assert.Throws<ZcrxDeviceException>(() => _steering.SetRssTable(nic.Interface, [0, 1]));
            Assert.Throws<ZcrxDeviceException>(() => _steering.SetRssTable(nic.Interface, [.. even.Select(static _ => 1000)]));
        }
        finally
        {
            _steering.SetRssTable(nic.Interface, before.RssTable);
        }
    }

    [SkippableFact]
    public void Split_and_threshold_can_be_changed_and_restored()
    {
        ConfiguredNic nic = ConfiguredNic.Open();
        NicFacts before = _facts.Read(nic.Interface);
        Skip.If(before.HdsThreshold is null, "this NIC has no threshold");
        try
        {
            _steering.SetHeaderDataSplit(nic.Interface, true, 128);
            Assert.Equal((true, 128), (AssertAgrees(nic).HeaderDataSplit, _facts.Read(nic.Interface).HdsThreshold));
            _steering.SetHeaderDataSplit(nic.Interface, false, null);
            Assert.Equal((false, 128), (AssertAgrees(nic).HeaderDataSplit, _facts.Read(nic.Interface).HdsThreshold));
        }
        finally
        {
            _steering.SetHeaderDataSplit(nic.Interface, before.HeaderDataSplit, before.HdsThreshold);
        }

        Assert.Equal((before.HeaderDataSplit, before.HdsThreshold), (AssertAgrees(nic).HeaderDataSplit, _facts.Read(nic.Interface).HdsThreshold));
    }

    [SkippableFact]
    public void Link_that_is_down_is_read_as_down_with_all_its_queues()
    {
        ConfiguredNic nic = ConfiguredNic.Open();
        int queues = AssertAgrees(nic).Queues.Count;
        nic.Control("link", "down");
        try
        {
            NicFacts down = AssertAgrees(nic);
            Assert.Equal((false, queues), (down.IsUp, down.Queues.Count));
        }
        finally
        {
            nic.Control("link", "up");
        }

        Deadline.Until(() => AssertAgrees(nic).IsUp, "the interface is up again");
    }

    /// <summary>Waits until no queue has a memory provider. The kernel may still be closing the rings of earlier tests.</summary>
    private void AwaitUnmanagedQueues(ConfiguredNic nic) =>
        Deadline.Until(() => _facts.Read(nic.Interface).Queues.All(static queue => queue.Provider == RxMemoryProvider.Kernel), "every queue has been released");

    private static string Ask(string program, params string[] arguments)
    {
        (int status, string output, string error) = Execute(program, arguments);
        string command = $"{program} {string.Join(' ', arguments)}";
        Skip.If(status != 0 && error.Contains("not supported", StringComparison.OrdinalIgnoreCase), $"the driver does not support '{command}': {error}");
        Assert.True(status == 0, $"{command} ends with {status}: {output}{error}");
        return output;
    }

    private static JsonElement AskJson(string program, params string[] arguments)
    {
        (int status, string output, string error) = Execute(program, arguments);
        Skip.If(status != 0, $"'{program} {string.Join(' ', arguments)}' is not supported here: {error}");
        return JsonDocument.Parse(output).RootElement[0];
    }

    private static (int Status, string Output, string Error) Execute(string program, string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.GetAwaiter().GetResult().ReplaceLineEndings(" ").Trim());
    }

    private NicFacts AssertAgrees(ConfiguredNic nic)
    {
        NicFacts facts = _facts.Read(nic.Interface);
        // The shell of the guest has its own `ip` command, which has no JSON. The search path therefore lists the directory of the NIC's
        // tools first.
        JsonElement link = AskJson("ip", "-json", "-details", "link", "show", "dev", nic.Interface);
        string[] flags = [.. link.GetProperty("flags").EnumerateArray().Select(flag => flag.GetString()!)];
        Assert.Equal(link.GetProperty("ifindex").GetUInt32(), facts.Index);
        Assert.Equal(flags.Contains("UP") && flags.Contains("LOWER_UP"), facts.IsUp);
        Assert.Equal(link.TryGetProperty("parentdev", out _), facts.HasDevice);
        Assert.Equal(AskJson("ethtool", "--json", "-x", nic.Interface).GetProperty("rss-indirection-table").EnumerateArray().Select(queue => queue.GetInt32()), facts.RssTable);
        bool isSplit = AskJson("ethtool", "--json", "-g", nic.Interface).TryGetProperty("tcp-data-split", out JsonElement split) && split.GetString() == "on";
        Assert.Equal(isSplit, facts.HeaderDataSplit == true);
        Assert.Contains($"driver: {facts.Driver}\n", Ask("ethtool", "-i", nic.Interface), StringComparison.Ordinal);
        string channels = Ask("ethtool", "-l", nic.Interface);
        Assert.Equal(facts.MaxRxQueues, Channels(channels["Pre-set maximums:".Length..channels.IndexOf("Current", StringComparison.Ordinal)]));
        Assert.Equal(facts.Queues.Count, Channels(channels[channels.IndexOf("Current", StringComparison.Ordinal)..]));
        Assert.Contains($"Total {facts.Rules.Count + facts.OtherRules.Count} rules", Ask("ethtool", "-n", nic.Interface), StringComparison.Ordinal);
        return facts;
    }

    private static int Channels(string text) => text.Split('\n')
        .Where(line => line.StartsWith("RX:", StringComparison.Ordinal) || line.StartsWith("Combined:", StringComparison.Ordinal))
        .Sum(line => int.TryParse(line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int count) ? count : 0);
}
