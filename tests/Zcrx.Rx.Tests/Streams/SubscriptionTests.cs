using System.Reactive.Disposables;
using System.Reactive.Linq;
using System.Reactive.Threading.Tasks;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Streams;

/// <summary>
/// Tests that observers can subscribe and unsubscribe at any time. The next observer continues where the previous one stopped.
/// </summary>
[Collection(SocketsCollection.Name)]
public class SubscriptionTests : IClassFixture<ResourceCheck>
{
    [Fact]
    public async Task Next_observer_receives_the_kept_bytes_first()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            // One turn delivers many buffers, but the first observer unsubscribes after one. The others are kept for the next observer.
            using SingleAssignmentDisposable leaving = new();
            Recorder first = new(peer.Stream) { Then = _ => leaving.Dispose() };
            connection.Pause();
            leaving.Disposable = connection.Buffers.Subscribe(first);
            await peer.SendAllAsync(100_000);
            connection.Resume();
            await first.ReachAsync(1);

            Recorder second = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(second);
            await second.AssertCompletedAsync(100_000);

            first.AssertIntact();
            Assert.Equal(1, first.Buffers);
            Assert.False(first.HasEnded);
            Assert.Equal(first.End, second.Start);
        }
    }

    [Fact]
    public async Task Observers_that_alternate_at_any_moment_get_every_byte_once_together()
    {
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 32);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            const long Total = 24 << 20;
            Task sending = peer.SendAllAsync(Total);
            List<Recorder> recorders = [];
            do
            {
                Recorder recorder = new(peer.Stream);
                recorders.Add(recorder);
                IDisposable subscription = connection.Buffers.Subscribe(recorder);
                await recorder.ReachAsyncOrEnd(1);
                // This thread unsubscribes while the ring thread delivers.
                subscription.Dispose();
            }
            while (!recorders[^1].HasEnded && recorders.Max(static recorder => recorder.End) < Total);

            await sending.Within("everything is sent");
            using IDisposable last = connection.Buffers.Subscribe(new Recorder(peer.Stream));
            await connection.Closed.Within("the connection is closed");
            long position = 0;
            foreach (Recorder recorder in recorders.Where(static recorder => recorder.Bytes > 0))
            {
                recorder.AssertIntact();
                Assert.Equal(position, recorder.Start);
                position = recorder.End;
            }

            Assert.Equal(Total, position);
        }
    }

    [Fact]
    public async Task Two_observers_receive_the_same_buffers()
    {
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 8);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            Recorder first = new(peer.Stream);
            Recorder second = new(peer.Stream);
            using IDisposable one = connection.Buffers.Subscribe(first);
            using IDisposable two = connection.Buffers.Subscribe(second);
            await peer.SendAllAsync(1_000_000);

            await first.AssertCompletedAsync(1_000_000);
            await second.AssertCompletedAsync(1_000_000);
            Assert.Equal(first.Buffers, second.Buffers);
        }
    }

    [Fact]
    public async Task One_of_two_observers_may_leave_in_its_own_OnNext()
    {
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 8);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            using SingleAssignmentDisposable leaving = new();
            Recorder leaver = new(peer.Stream) { Then = _ => leaving.Dispose() };
            Recorder stayer = new(peer.Stream);
            leaving.Disposable = connection.Buffers.Subscribe(leaver);
            using IDisposable staying = connection.Buffers.Subscribe(stayer);
            await peer.SendAllAsync(300_000);

            await stayer.AssertCompletedAsync(300_000);
            Assert.Equal(1, leaver.Buffers);
            Assert.False(leaver.HasEnded);
        }
    }

    [Fact]
    public async Task Observer_that_subscribes_after_the_end_receives_the_end()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            peer.EndSending();
            using IDisposable subscription = connection.Buffers.Subscribe(new Recorder(peer.Stream));
            await connection.Closed.Within("the connection is closed");

            Recorder late = new(peer.Stream);
            using IDisposable lateSubscription = connection.Buffers.Subscribe(late);
            await late.AssertCompletedAsync(0);
        }
    }

    [Fact]
    public async Task End_of_a_stream_waits_for_an_observer_of_the_remaining_bytes()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            // The first observer takes one buffer. The other buffers and the end arrive before the next observer subscribes.
            connection.Pause();
            Task one = connection.Buffers.Take(1).Select(static buffer => buffer.Length).ToTask();
            await peer.SendAllAsync(50_000);
            connection.Resume();
            await one.Within("one buffer arrives");
            await Deadline.UntilAsync(() => connection.BuffersLeased > 0, "the following buffers are kept");
            Assert.False(connection.Closed.IsCompleted);

            Recorder rest = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(rest);
            await rest.AssertCompletedAsync(50_000);
            Assert.Equal(4096, rest.Start);
        }
    }

    [Fact]
    public async Task Stream_passes_through_Rx_operators()
    {
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 8);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            await peer.SendAllAsync(123_456);
            long bytes = await connection.Buffers.Select(static buffer => (long)buffer.Length).Sum().ToTask().Within("the stream ends");
            Assert.Equal(123_456, bytes);
        }
    }
}
