using Zcrx.Interop;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Streams;

/// <summary>Tests that every byte of a peer arrives once and in order.</summary>
[Collection(SocketsCollection.Name)]
public class DeliveryTests : IClassFixture<ResourceCheck>
{
    public static TheoryData<string, int, int> Kernels => new()
    {
        // Each row contains the kernel profile, the number of buffers, and the number of completion entries.
        { "7.1", 8, 4096 },
        { "7.1", 64, 64 },
        { "7.2.0", 2, 64 },
        { "7.2", 2, 4096 },
        { "7.2", 64, 64 },
        { "7.3", 3, 64 },
        { "7.3", 1024, 4096 },
    };

    [Theory]
    [InlineData(1)]
    [InlineData(4095)]
    [InlineData(4096)]
    [InlineData(4097)]
    [InlineData(1_000_000)]
    [InlineData(64L << 20)]
    public async Task A_stream_arrives_whole(long bytes)
    {
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 1024);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAllAsync(bytes).Within("everything is sent");
            await recorder.AssertCompletedAsync(bytes);
            await connection.Closed.Within("the connection closes by itself");
        }

        Assert.Equal(bytes, connection.BytesReceived);
        Assert.Equal(bytes, queue.Queue.Snapshot().BytesReceived);
        Assert.Equal(0, queue.Queue.Snapshot().Connections);
    }

    [Fact]
    public async Task A_stream_without_bytes_completes()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            peer.EndSending();
            await recorder.AssertCompletedAsync(0);
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public async Task Many_connections_receive_every_byte_from_a_pool_of_any_size(string profile, int buffers, int completions)
    {
        await using TestQueue queue = await OpenAsync(profile, buffers, completions);
        await ReceiveAsync(queue, connections: 64, bytes: 40_000);
    }

    [Fact]
    public async Task Thousand_connections_at_once_receive_every_byte()
    {
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 1024, configure: static options => options with { SubmissionEntries = 8 });
        await ReceiveAsync(queue, connections: 1000, bytes: 5000);
        Assert.Equal(1000, queue.Queue.Snapshot().ConnectionsOpened);
    }

    [Theory]
    [InlineData("7.1")]
    [InlineData("7.3")]
    public async Task Single_bytes_arrive_in_order(string profile)
    {
        await using TestQueue queue = await OpenAsync(profile, 2, 64);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAllAsync(2000, piece: 1);
            await recorder.AssertCompletedAsync(2000);
        }
    }

    [Theory]
    [InlineData("7.1")]
    [InlineData("7.2")]
    [InlineData("7.3")]
    public async Task Faults_of_the_kernel_lose_no_byte(string profile)
    {
        EmulatedFaultPlan faults = EmulatedFaultPlan.Random(seed: 7, probability: 0.3);
        faults.DropNotifications = true;
        await using TestQueue queue = await TestQueue.OpenAsync(
            buffers: 8,
            configure: options => options with { Emulation = new EmulatedKernelOptions { Profile = EmulatedKernelProfile.ForRelease(profile)!, Faults = faults } });
        await ReceiveAsync(queue, connections: 16, bytes: 200_000);
    }

    [Fact]
    public async Task Bytes_that_arrive_before_the_first_subscriber_are_delivered()
    {
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 4);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            await peer.SendAllAsync(100_000).Within("the socket buffers take the bytes");
            Assert.Equal(0, connection.BytesReceived);

            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await recorder.AssertCompletedAsync(100_000);
        }
    }

    private static Task<TestQueue> OpenAsync(string profile, int buffers, int completions) => TestQueue.OpenAsync(
        buffers,
        EmulatedKernelProfile.ForRelease(profile),
        options => options with { CompletionEntries = completions, SubmissionEntries = 16 });

    private static async Task ReceiveAsync(TestQueue queue, int connections, long bytes)
    {
        List<Task> sending = [];
        List<(Peer Peer, Recorder Recorder)> ends = [];
        for (int i = 0; i < connections; i++)
        {
            (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
            Recorder recorder = new(peer.Stream);
            _ = connection.Buffers.Subscribe(recorder);
            ends.Add((peer, recorder));
            sending.Add(peer.SendAllAsync(bytes));
        }

        foreach ((_, Recorder recorder) in ends)
        {
            await recorder.AssertCompletedAsync(bytes);
        }

        await Task.WhenAll(sending);
        foreach ((Peer peer, _) in ends)
        {
            peer.Dispose();
        }

        await Deadline.UntilAsync(() => queue.Queue.Snapshot().Connections == 0, "all connections are closed");
    }
}
