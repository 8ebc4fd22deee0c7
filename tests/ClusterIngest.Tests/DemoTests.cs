namespace ClusterIngest.Tests;

/// <summary>Tests the example with real processes, and the delivery of frames when a process ends.</summary>
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
        // At least one chunk was sent again: the killed worker had not acknowledged everything.
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
        // The signal comes when all frames are sent. A connection in the backlog would be reset when the port closes, and a connection
        // that still sends would be reset when the queue stops. The demo reports this moment once, some seconds before the slow entities
        // have stored everything.
        await demo.SignalAsync("edge", "TERM", static line => line == "All frames are sent, and all connections are accepted");

        (int code, _, string verdict) = await demo.EndAsync();

        Assert.True(code == 0 && verdict == "OK: sent 12,000, at entities 12,000, lost 0, duplicates 0", demo.Describe());
    }
}
