using System.Net;
using System.Net.Sockets;
using Ingest.Tests.Support;
using Zcrx.Interop;

namespace Ingest.Tests.Commands;

/// <summary>Tests invalid command lines. Each must end with exit code 2 and one sentence on standard error.</summary>
public class WrongValueTests
{
    // Each row contains the arguments, and a part of the message that is expected.
    public static TheoryData<string, string> Wrong => new()
    {
        { "", "say what to do: demo, serve, send, capabilities, doctor" },
        { "recieve", "there is no verb 'recieve'" },
        { "--frobnicate", "'--frobnicate' is not understood" },
        { "demo --frobnicate", "'--frobnicate' is not understood" },
        { "demo extra", "'extra' is not understood" },
        { "demo --connections", "--connections" },
        { "demo --connections 0", "--connections must be a whole number between 1 and 10000, but is '0'" },
        { "demo --connections -3", "--connections must be a whole number" },
        { "demo --connections many", "--connections must be a whole number" },
        { "demo --connections 10001", "--connections must be a whole number" },
        { "demo --connections 99999999999999999999", "--connections must be a whole number" },
        { "demo --volume 12MB", "--volume must be a size between 0B and 1TiB" },
        { "demo --volume -1", "--volume must be a size" },
        { "demo --volume 2TiB", "--volume must be a size" },
        { "demo --area 4KiB", "--area must be a size between" },
        { "demo --area 2GiB", "--area must be a size between" },
        { "demo --queues 0", "--queues must be a whole number" },
        { "demo --seed x", "--seed must be a whole number" },
        { "demo --engine warp", "--engine must be auto, nic, device-less, io_uring or emulated, but is 'warp'" },
        { "demo --engine nic", "name it with --interface" },
        { "demo --queue 1", "name that with --interface" },
        { "demo --interface nosuch0", "--interface must be a network interface of this machine" },
        { "demo --sender-netns no-such-namespace", "--sender-netns must be a network namespace that `ip netns` lists" },
        { "demo --stall-after 5", "--stall-after must be a duration with its unit" },
        { "demo --stall-after 1ms", "--stall-after must be at least 100ms" },
        { "demo --storm --forbid rain", "--forbid must be moves, steering or both, but is 'rain'" },
        { "demo --forbid both", "it needs --storm" },
        { "demo --storm --engine device-less", "--storm needs a NIC" },
        { "demo --slow --storm", "choose one" },
        { "demo --storm --volume 1MiB", "--storm needs 15 seconds of traffic" },
        { "demo --pace 0", "--pace must be a size between" },
        { "serve", "'--listen' is required" },
        { "serve --listen 9000", "--listen must be ADDRESS:PORT" },
        { "serve --listen 127.0.0.1", "--listen must be ADDRESS:PORT" },
        { "serve --listen 127.0.0.1:65536", "--listen must be ADDRESS:PORT" },
        { "serve --listen 300.1.1.1:1", "--listen must be ADDRESS:PORT" },
        { "serve --listen ::1:9000", "--listen must be ADDRESS:PORT" },
        { "serve --listen 192.0.2.1:0", "no interface of this machine has that address" },
        { "serve --listen 127.0.0.1:0 --drain soon", "--drain must be a duration" },
        { "serve --listen example.org:0", "--listen must be ADDRESS:PORT" },
        { "serve --listen 127.0.0.1:0 --linger 5s", "it needs --takeover" },
        { "serve --listen 127.0.0.1:0 --out /proc/nosuch", "the directory '/proc/nosuch' cannot be written: it cannot be created there" },
        { "serve --listen 127.0.0.1:0 --out /dev/null", "the directory '/dev/null' cannot be written: it is a file" },
        { "serve --listen 127.0.0.1:0 --out /etc/passwd", "the directory '/etc/passwd' cannot be written: it is a file" },
        { "send", "'--to' is required" },
        { "send --to nowhere", "--to must be HOST:PORT" },
        { "send --to 127.0.0.1:0", "--to must be HOST:PORT" },
        { "send --to 127.0.0.1:9 --file /nosuch/file", "--file must be a file" },
        { "send --to 127.0.0.1:9 --volume big", "--volume must be a size" },
        { "capabilities --interface nosuch0", "--interface must be a network interface of this machine" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task Wrong_value_is_refused_in_one_sentence(string commandLine, string said)
    {
        ProcessResult result = await IngestProcess.RunAsync(commandLine.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        Assert.Contains(said, result.AssertRefusal(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("--queues 3")]
    public async Task Port_that_is_in_use_is_refused_in_one_sentence(string more)
    {
        using TcpListener other = new(IPAddress.Loopback, 0);
        other.Start();

        ProcessResult result = await IngestProcess.RunAsync(["serve", "--listen", $"{other.LocalEndpoint}", .. more.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);

        string line = result.AssertRefusal();
        Assert.Contains($"{other.LocalEndpoint}", line, StringComparison.Ordinal);
        Assert.Contains("another socket listens there", line, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Engine_that_the_machine_does_not_support_is_refused()
    {
        ZcrxCapabilities capabilities = ZcrxCapabilities.Query(new LinuxKernel());
        Skip.If(capabilities.Support(ZcrxFeature.DeviceLess) != ZcrxSupport.No, "this kernel has the device-less mode");

        ProcessResult result = await IngestProcess.RunAsync("serve", "--listen", "127.0.0.1:0", "--engine", "device-less");

        Assert.Contains("device-less", result.AssertRefusal(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("demo")]
    [InlineData("serve --listen 127.0.0.1:0")]
    public async Task Interface_without_RX_queues_is_refused_by_the_engine_nic(string commandLine)
    {
        // The loopback interface has no RX queues on any kernel.
        ProcessResult result = await IngestProcess.RunAsync([.. commandLine.Split(' '), "--engine", "nic", "--interface", "lo"]);

        Assert.Contains("lo", result.AssertRefusal(), StringComparison.Ordinal);
    }
}
