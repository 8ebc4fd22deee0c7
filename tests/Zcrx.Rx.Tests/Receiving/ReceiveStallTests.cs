using System.Collections.Concurrent;
using Zcrx.Interop;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Receiving;

/// <summary>
/// Tests a receive that the kernel does not complete although its socket has bytes. It is reissued, and reported if that does not help.
/// </summary>
[Collection(SocketsCollection.Name)]
public class ReceiveStallTests : IClassFixture<ResourceCheck>
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMilliseconds(50);

    public static TheoryData<string> Profiles => [.. EmulatedKernelProfile.All.Where(static profile => ZcrxCapabilities.Query(new EmulatedKernel(new() { Profile = profile })).DeviceLess).Select(static profile => profile.Name)];

    [Theory]
    [MemberData(nameof(Profiles))]
    public async Task A_receive_that_the_kernel_does_not_serve_is_issued_again_and_delivers_everything(string profile)
    {
        EmulatedFaultPlan faults = new();
        await using TestQueue queue = await OpenAsync(profile, faults, rearms: true);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            faults.StrandReceives(3);
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAllAsync(100_000);
            await recorder.AssertCompletedAsync(100_000);
            Assert.InRange(queue.Queue.Snapshot().Rearms, 3, int.MaxValue);
        }
    }

    [Theory]
    [MemberData(nameof(Profiles))]
    public async Task Receive_that_is_not_served_is_reported_until_it_is_served(string profile)
    {
        EmulatedFaultPlan faults = new();
        await using TestQueue queue = await OpenAsync(profile, faults, rearms: true);
        ConcurrentQueue<ReceiveStall> stalls = new();
        using IDisposable reports = queue.Queue.ReceiveStalls.Subscribe(stalls.Enqueue);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAsync(1000);
            await recorder.ReachAsync(1000);

            faults.StrandReceives(int.MaxValue);
            await peer.SendAsync(2000);
            await Deadline.UntilAsync(() => !stalls.IsEmpty, "the stall is reported");
            ReceiveStall stall = stalls.Single();
            Assert.Equal((connection, 1000, 2000, false), (stall.Connection, stall.StreamOffset, stall.BytesWaiting, stall.IsOver));
            Assert.InRange(stall.Duration, Timeout, Deadline.Limit);
            Assert.Equal((1, 1), (queue.Queue.Snapshot().StalledConnections, queue.Queue.Snapshot().ReceiveStalls));

            faults.StrandReceives(0);
            await recorder.ReachAsync(3000);
            await Deadline.UntilAsync(() => stalls.Count == 2, "the end of the stall is reported");
            Assert.True(stalls.Last().IsOver);
            Assert.Equal((0, 1), (queue.Queue.Snapshot().StalledConnections, queue.Queue.Snapshot().ReceiveStalls));
            await peer.SendAllAsync(0);
            await recorder.AssertCompletedAsync(3000);
        }
    }

    [Fact]
    public async Task A_stalled_connection_that_is_closed_no_longer_counts()
    {
        EmulatedFaultPlan faults = new();
        await using TestQueue queue = await OpenAsync("7.3", faults, rearms: false);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            using IDisposable subscription = connection.Buffers.Subscribe(static _ => { }, static _ => { });
            faults.StrandReceives(int.MaxValue);
            await peer.SendAsync(100);
            await Deadline.UntilAsync(() => queue.Queue.Snapshot().StalledConnections == 1, "the stall is counted");
            connection.Abort();
            await connection.Closed.Within("the connection is closed");
            Assert.Equal(0, queue.Queue.Snapshot().StalledConnections);
        }
    }

    [Theory]
    [InlineData("7.1", false)]
    [InlineData("7.2.0", false)]
    [InlineData("7.1", true)]
    [InlineData("7.2.0", true)]
    public async Task A_kernel_that_strands_receives_stalls_only_without_the_workaround(string profile, bool rearms)
    {
        // With the workaround, the ring thread reissues a stranded receive in the same turn. The timeout of an hour then never passes.
        await using TestQueue queue = await TestQueue.OpenAsync(
            buffers: 8,
            EmulatedKernelProfile.ForRelease(profile),
            options => options with { ReceiveStallTimeout = rearms ? TimeSpan.FromHours(1) : Timeout, RearmsStrandedReceives = rearms });
        const int Total = 40_000;
        List<(Peer Peer, ZcrxConnection Connection, Recorder Recorder)> streams = [];
        for (int i = 0; i < 8; i++)
        {
            (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
            streams.Add((peer, connection, new Recorder(peer.Stream)));
            connection.Pause();
            _ = connection.Buffers.Subscribe(streams[i].Recorder);
            // All bytes arrive before the first receive. A packet that arrives later would wake a stranded request.
            await peer.SendAllAsync(Total);
        }

        // Resumes all connections in one turn, so that they compete for the small pool.
        queue.Queue.Loop.Post(() => streams.ForEach(static stream => stream.Connection.Resume()));
        if (rearms)
        {
            foreach ((_, _, Recorder recorder) in streams)
            {
                await recorder.AssertCompletedAsync(Total);
            }
        }
        else
        {
            await Deadline.UntilAsync(() => queue.Queue.Snapshot().StalledConnections > 0, "a connection stalls");
            Assert.Contains(streams, static stream => !stream.Recorder.HasEnded);
            streams.ForEach(static stream => stream.Connection.Pause());
            await Deadline.UntilAsync(() => queue.Queue.Snapshot().StalledConnections == 0, "a paused connection does not stall");
        }

        streams.ForEach(static stream => stream.Peer.Dispose());
    }

    [Fact]
    public async Task Pauses_by_the_application_and_by_the_pool_are_no_stalls()
    {
        await using TestQueue queue = await OpenAsync("7.3", new EmulatedFaultPlan(), rearms: true, buffers: 4);
        (Peer paused, ZcrxConnection pausedConnection) = await queue.ConnectAsync();
        (Peer slow, ZcrxConnection slowConnection) = await queue.ConnectAsync();
        using (paused)
        using (slow)
        {
            pausedConnection.Pause();
            using IDisposable first = pausedConnection.Buffers.Subscribe(static _ => { }, static _ => { });
            await paused.SendAsync(1000);
            ConcurrentQueue<BufferLease> leases = new();
            Recorder recorder = new(slow.Stream) { Then = buffer => leases.Enqueue(buffer.Retain()) };
            using IDisposable second = slowConnection.Buffers.Subscribe(recorder);
            await slow.SendAsync(100_000);
            await Deadline.UntilAsync(() => queue.Queue.Snapshot().PausedConnections > 0, "the slow consumer is paused");
            TimeSpan start = TimeProvider.System.GetElapsedTime(0);
            await Deadline.UntilAsync(() => TimeProvider.System.GetElapsedTime(0) - start > 4 * Timeout, "several checks have passed");
            Assert.Equal(0, queue.Queue.Snapshot().ReceiveStalls);
            slowConnection.Abort();
            pausedConnection.Abort();
            await Deadline.UntilAsync(() => queue.Queue.Snapshot().Connections == 0, "both are closed");
            while (leases.TryDequeue(out BufferLease? lease))
            {
                lease.Dispose();
            }
        }
    }

    private static Task<TestQueue> OpenAsync(string profile, EmulatedFaultPlan faults, bool rearms, int buffers = 64) => TestQueue.OpenAsync(
        buffers,
        configure: options => options with
        {
            ReceiveStallTimeout = Timeout,
            RearmsStrandedReceives = rearms,
            Emulation = new EmulatedKernelOptions { Profile = EmulatedKernelProfile.ForRelease(profile)!, Faults = faults },
        });
}
