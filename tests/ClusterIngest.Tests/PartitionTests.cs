using System.Diagnostics;

namespace ClusterIngest.Tests;

/// <summary>
/// Tests network partitions between real processes. Each process is in a network namespace of its own, and a partition takes down the link
/// of one of them.
/// </summary>
[Collection(nameof(DemoTests))]
public class PartitionTests
{
    private const string Good = "OK: sent 12,000, at entities 12,000, lost 0, duplicates 0";

    private static readonly string[] Load = ["--connections", "2", "--frames", "6000", "--pace", "3000"];

    // With --stable-after, the split brain resolver decides long after the end of the partition. With --rto-max, TCP retransmits soon after
    // it.
    private static readonly string[] Healed = ["--stable-after", "120", "--rto-max", "1"];

    public PartitionTests() =>
        SkipUnless("mount -t tmpfs none /run && ip netns add probe && ip link add probe type bridge", "network namespaces or a bridge are not available");

    [SkippableFact]
    public async Task Worker_that_is_cut_off_and_connected_again_loses_no_frame_and_repeats_none()
    {
        SkipWithoutMaxRetransmission();
        using DemoProcess demo = DemoProcess.Start([.. Load, "--partition", "worker-2", .. Healed]);
        await demo.LogAsync(static line => line.StartsWith("edge:", StringComparison.Ordinal) && line.Contains("UNREACHABLE", StringComparison.Ordinal), "the edge cannot reach the worker");
        await demo.SignalAsync("CONT");

        (int code, string numbers, string verdict) = await demo.EndAsync();

        Assert.True(code == 0 && verdict == Good, demo.Describe());
        // Some frames did not reach the worker or were not acknowledged, so they must have been sent again.
        Assert.DoesNotContain("sent again 0,", numbers, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Worker_that_stays_cut_off_is_downed_and_the_other_worker_takes_its_frames()
    {
        using DemoProcess demo = DemoProcess.Start([.. Load, "--partition", "worker-2"]);

        (int code, string numbers, string verdict) = await demo.EndAsync();

        Assert.True(code == 0 && verdict == Good, demo.Describe());
        Assert.DoesNotContain("sent again 0,", numbers, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Edge_that_is_cut_off_pauses_its_connections_and_continues_when_it_is_connected_again()
    {
        SkipWithoutMaxRetransmission();
        using DemoProcess demo = DemoProcess.Start([.. Load, "--partition", "edge", .. Healed]);
        await demo.LogAsync(
            static line => line.EndsWith("Listener frames closes and its connections pause: this node reaches only 1 of 3 members. The port is bound again and they continue when the members can be reached.", StringComparison.Ordinal),
            "the edge knows that it is on the side of a minority");
        await demo.SignalAsync("CONT");

        (int code, _, string verdict) = await demo.EndAsync();

        Assert.True(code == 0 && verdict == Good, demo.Describe());
    }

    [SkippableFact]
    public async Task Edge_that_stays_cut_off_resets_its_connections_and_repeats_no_frame()
    {
        using DemoProcess demo = DemoProcess.Start([.. Load, "--partition", "edge"]);

        (int code, _, string verdict) = await demo.EndAsync();

        Assert.True(code == 1 && verdict.EndsWith("duplicates 0", StringComparison.Ordinal), demo.Describe());
        for (int connection = 0; connection < 2; connection++)
        {
            await demo.LineAsync(line => line == $"Connection {connection} ended early: Connection reset by peer", $"connection {connection} is reset");
        }
    }

    /// <summary>Skips a test of a healed partition if the kernel cannot shorten the time between retransmissions.</summary>
    private static void SkipWithoutMaxRetransmission() => SkipUnless("test -e /proc/sys/net/ipv4/tcp_rto_max_ms", "tcp_rto_max_ms (Linux 6.15) is not available");

    /// <summary>Skips the test if a command fails in new user, network and mount namespaces.</summary>
    private static void SkipUnless(string command, string otherwise)
    {
        string problem;
        try
        {
            using Process probe = Process.Start(new ProcessStartInfo(
                "unshare", ["--user", "--map-root-user", "--net", "--mount", "sh", "-c", command])
            {
                RedirectStandardError = true,
                UseShellExecute = false,
            })!;
            problem = probe.StandardError.ReadToEnd().Trim();
            probe.WaitForExit();
            Skip.If(probe.ExitCode != 0, problem.Length == 0 ? otherwise : $"{otherwise}: {problem}");
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Skip.If(true, "unshare is not installed (Debian package util-linux)");
        }
    }
}
