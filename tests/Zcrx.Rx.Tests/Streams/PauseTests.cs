using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Streams;

/// <summary>Tests that a paused connection slows its sender down and loses no byte.</summary>
[Collection(SocketsCollection.Name)]
public class PauseTests : IClassFixture<ResourceCheck>
{
    [Fact]
    public async Task A_paused_connection_slows_its_sender_down()
    {
        const int Total = 24 << 20;
        await using TestQueue queue = await TestQueue.OpenAsync(receiveBuffer: 16 << 10);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync(sendBuffer: 16 << 10);
        (Peer other, ZcrxConnection otherConnection) = await queue.ConnectAsync();
        using (peer)
        using (other)
        {
            Recorder recorder = new(peer.Stream);
            // A subscription starts receiving at once, so the pause comes first.
            connection.Pause();
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            Task sending = peer.SendAllAsync(Total);

            // Another connection receives, but the paused connection must receive nothing.
            Recorder others = new(other.Stream);
            using IDisposable otherSubscription = otherConnection.Buffers.Subscribe(others);
            await other.SendAllAsync(5_000_000);
            await others.AssertCompletedAsync(5_000_000);
            Assert.Equal(0, recorder.Bytes);
            Assert.False(sending.IsCompleted);

            connection.Resume();
            await recorder.AssertCompletedAsync(Total);
            await sending;
        }
    }

    [Fact]
    public async Task Pause_in_OnNext_stops_after_the_bytes_that_had_arrived()
    {
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 64);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            Recorder recorder = new(peer.Stream) { Then = _ => connection.Pause() };
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            Task sending = peer.SendAllAsync(4 << 20);
            while (!recorder.HasEnded)
            {
                long before = recorder.Bytes;
                connection.Resume();
                await recorder.ReachAsyncOrEnd(before + 1);
            }

            await recorder.AssertCompletedAsync(4 << 20);
            await sending;
        }
    }

    [Fact]
    public async Task Any_sequence_of_pauses_from_any_thread_loses_no_byte()
    {
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 16);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            const int Total = 24 << 20;
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            Task sending = peer.SendAllAsync(Total);
            Task[] toggling = [.. Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
            {
                while (recorder.Bytes < Total)
                {
                    connection.Pause();
                    connection.Resume();
                }
            }))];
            await Task.WhenAll(toggling).Within("all bytes arrive");
            await recorder.AssertCompletedAsync(Total);
            await sending;
        }
    }
}
