using System.Globalization;

namespace ClusterIngest.Tests;

/// <summary>Tests the example with real processes. Every frame must be delivered even if a process ends.</summary>
[Collection(nameof(DemoTests))]
public class DemoTests
{
    [Fact]
    public async Task Worker_that_is_killed_loses_no_frame_and_repeats_none()
    {
        using DemoProcess demo = DemoProcess.Start("--connections", "2", "--frames", "6000", "--pace", "2000");
        await demo.SignalAsync("worker-2", "KILL", static (_, taken) => taken > 500);

        (int code, string numbers, string verdict) = await demo.EndAsync();

        Assert.True(code == 0 && verdict == "OK: sent 12,000, at entities 12,000, lost 0, duplicates 0", demo.Describe());
        // The killed worker had not acknowledged everything, so some chunk must have been sent again.
        Assert.DoesNotContain("sent again 0,", numbers, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Worker_that_leaves_loses_no_frame_and_repeats_none()
    {
        using DemoProcess demo = DemoProcess.Start("--connections", "2", "--frames", "6000", "--pace", "2000");
        await demo.SignalAsync("worker-1", "TERM", static (_, taken) => taken > 500);

        (int code, _, string verdict) = await demo.EndAsync();

        Assert.True(code == 0 && verdict == "OK: sent 12,000, at entities 12,000, lost 0, duplicates 0", demo.Describe());
    }

    [Fact]
    public async Task Edge_that_is_killed_is_reported_although_its_connections_may_end_in_order()
    {
        using DemoProcess demo = DemoProcess.Start("--connections", "2", "--frames", "2000", "--delay", "1000");
        await demo.SignalAsync("edge", "KILL", static line => line == "All frames are sent, and all connections are accepted");

        (int code, _, string verdict) = await demo.EndAsync();

        Assert.True(code == 1 && verdict.StartsWith("FAILED: sent 4,000,", StringComparison.Ordinal), demo.Describe());
        await demo.LineAsync(static line => line == "The edge died with 137. The end of a connection does not prove that its frames are stored.", "the death of the edge is reported");
    }

    [Fact]
    public async Task Edge_that_leaves_delivers_everything_that_it_has_accepted()
    {
        using DemoProcess demo = DemoProcess.Start("--connections", "2", "--frames", "6000", "--delay", "300");
        // Waits until all connections are accepted and all frames are sent. An earlier signal would close the port while connections are in
        // the backlog, which resets them. The edge would also confirm only the first frames of a connection that still sends. At the
        // signal, the slow entities still need some seconds to store everything.
        await demo.SignalAsync("edge", "TERM", static line => line == "All frames are sent, and all connections are accepted");

        (int code, _, string verdict) = await demo.EndAsync();

        Assert.True(code == 0 && verdict == "OK: sent 12,000, at entities 12,000, lost 0, duplicates 0", demo.Describe());
    }

    [Fact]
    public async Task Edge_that_leaves_while_clients_send_confirms_exactly_the_frames_that_are_stored()
    {
        using DemoProcess demo = DemoProcess.Start("--connections", "2", "--frames", "60000", "--pace", "4000");
        await demo.SignalAsync("edge", "TERM", static (_, taken) => taken > 2000);

        (int code, _, string verdict) = await demo.EndAsync();

        Assert.True(code == 1 && verdict.StartsWith("FAILED: sent ", StringComparison.Ordinal) && verdict.EndsWith("lost 0, duplicates 0", StringComparison.Ordinal), demo.Describe());
        // A client stops sending when the edge has confirmed its frames, so not all frames are sent.
        Assert.DoesNotContain("sent 120,000,", verdict, StringComparison.Ordinal);
        int confirmed = 0;
        for (int connection = 0; connection < 2; connection++)
        {
            string prefix = $"Connection {connection} ended early: ";
            string line = await demo.LineAsync(line => line.StartsWith(prefix, StringComparison.Ordinal) && line.EndsWith(" frames are confirmed", StringComparison.Ordinal), $"connection {connection} has a confirmation");
            confirmed += int.Parse(line[prefix.Length..].Split(' ')[0], NumberStyles.AllowThousands, CultureInfo.InvariantCulture);
        }

        // The entities must have exactly the confirmed frames. The demo prints "wrong confirmation" if the numbers of a connection differ.
        Assert.Contains($"at entities {confirmed.ToString("N0", CultureInfo.InvariantCulture)},", verdict, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong confirmation", demo.Describe(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Edge_whose_port_another_process_takes_over_serves_its_connections_to_the_end_and_no_frame_is_lost()
    {
        using DemoProcess demo = DemoProcess.Start("--connections", "4", "--frames", "4000", "--pace", "1000", "--takeover");

        (int code, _, string verdict) = await demo.EndAsync();

        Assert.True(code == 0 && verdict == "OK: sent 16,000, at entities 16,000, lost 0, duplicates 0", demo.Describe());
        // The second process must serve the same port. The first process must end without a signal when its last connection has ended.
        await demo.LineAsync(static line => line.StartsWith("edge-2 has taken over 127.0.0.1:", StringComparison.Ordinal), "the second process serves the port");
        await demo.LineAsync(static line => line == "Takeover: edge served 2 connections and ended by itself with 0, edge-2 served 2", "each process has served half of the connections");
    }
}
