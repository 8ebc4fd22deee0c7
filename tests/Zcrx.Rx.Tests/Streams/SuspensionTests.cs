using System.Net.Sockets;
using Zcrx.Interop;
using Zcrx.Interop.Abi;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Streams;

/// <summary>Tests that a connection outlives its queue. It continues at the same stream offset, or ends with an error.</summary>
[Collection(SocketsCollection.Name)]
public class SuspensionTests : IClassFixture<ResourceCheck>
{
    [Theory]
    [InlineData(QueueDeath.Planned)]
    [InlineData(QueueDeath.RingThread)]
    [InlineData(QueueDeath.RingDescriptor)]
    public async Task Suspended_stream_continues_at_its_position_on_the_next_queue(QueueDeath death)
    {
        using ZcrxSuspendedConnections suspended = new();
        EmulatedFaultPlan faults = new();
        TestQueue first = await OpenAsync(suspended, faults);
        await using TestQueue second = await OpenAsync(suspended);
        (Peer peer, ZcrxConnection connection) = await first.ConnectAsync();
        using (peer)
        {
            BufferLease? kept = null;
            Recorder recorder = new(peer.Stream) { Then = buffer => kept ??= buffer.Retain() };
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAsync(100_000);
            await recorder.ReachAsync(50_000);

            await KillAsync(first, faults, death);
            Assert.Equal(1, suspended.Count);
            Assert.False(connection.Closed.IsCompleted);
            Assert.Equal(recorder.End, connection.BytesReceived);
            Assert.True(kept!.Span.SequenceEqual(Payload.At(peer.Stream, 0, kept.Length)));
            kept.Dispose();

            // No queue receives now. These bytes must wait in the socket.
            await peer.SendAsync(10_000);
            Assert.Equal(1, await suspended.ContinueOnAsync(second.Queue).Within("the connection resumes"));
            Assert.Equal((0, second.Queue.Name), (suspended.Count, connection.QueueName));
            await peer.SendAllAsync(90_000);
            await recorder.AssertCompletedAsync(200_000);
        }

        await first.CloseAsync();
    }

    [Fact]
    public async Task Suspended_connection_keeps_bytes_that_no_observer_has_received()
    {
        using ZcrxSuspendedConnections suspended = new();
        TestQueue first = await OpenAsync(suspended);
        await using TestQueue second = await OpenAsync(suspended);
        (Peer peer, ZcrxConnection connection) = await first.ConnectAsync();
        using (peer)
        {
            // This observer unsubscribes after the first buffer of a batch. The other buffers are kept for the next observer.
            Recorder leaving = null!;
            IDisposable? subscription = null;
            leaving = new Recorder(peer.Stream) { Then = _ => subscription?.Dispose() };
            connection.Pause();
            subscription = connection.Buffers.Subscribe(leaving);
            await peer.SendAsync(60_000);
            connection.Resume();
            await Deadline.UntilAsync(() => connection.BytesReceived > leaving.End && leaving.End > 0, "bytes were received that no observer has seen");

            await first.Queue.SuspendAsync().Within("the queue ends");
            Recorder next = new(peer.Stream);
            using IDisposable again = connection.Buffers.Subscribe(next);
            Assert.Equal(1, await suspended.ContinueOnAsync(second.Queue).Within("the connection resumes"));
            await peer.SendAllAsync(1000);
            await next.AssertCompletedAsync(61_000);
            Assert.Equal(leaving.End, next.Start);
        }

        await first.CloseAsync();
    }

    [Fact]
    public async Task Lost_completion_of_a_receive_fails_its_stream_and_others_continue()
    {
        using ZcrxSuspendedConnections suspended = new();
        HookedKernel kernel = new();
        TestQueue first = await TestQueue.OpenAsync(kernel: kernel, suspended: suspended);
        await using TestQueue second = await OpenAsync(suspended);
        (Peer peer, ZcrxConnection connection) = await first.ConnectAsync();
        (Peer idle, ZcrxConnection paused) = await first.ConnectAsync();
        using (peer)
        using (idle)
        {
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            paused.Pause();
            Recorder patient = new(idle.Stream);
            using IDisposable other = paused.Buffers.Subscribe(patient);
            await peer.SendAsync(5000);
            await recorder.ReachAsync(5000);

            kernel.DropCompletion();
            await peer.SendAsync(1);
            ZcrxException crash = await Assert.ThrowsAsync<ZcrxException>(() => first.Queue.Completion.Within("the loop ends"));
            Assert.Equal("EBADR", crash.ErrorName);

            ZcrxStreamException error = Assert.IsType<ZcrxStreamException>(await recorder.AssertFailedAsync());
            Assert.Equal(5000, error.StreamOffset);
            Assert.Contains("may be missing", error.Cause, StringComparison.Ordinal);
            Assert.True(await peer.IsResetAsync());

            Assert.Equal(1, await suspended.ContinueOnAsync(second.Queue).Within("the other connection resumes"));
            paused.Resume();
            await idle.SendAllAsync(3000);
            await patient.AssertCompletedAsync(3000);
        }

        await first.CloseAsync();
    }

    [Fact]
    public async Task Connection_that_was_accepted_but_not_delivered_is_served_after_the_suspension()
    {
        using ZcrxSuspendedConnections suspended = new();
        HookedKernel kernel = new();
        TestQueue first = await TestQueue.OpenAsync(kernel: kernel, suspended: suspended);
        kernel.Entered = result => kernel.HasUnread(Rx.Ring.RequestKind.Accept) ? -Errno.EBADF : result;
        (Peer peer, ZcrxConnection connection) = await first.ConnectAsync();
        using (peer)
        {
            await Assert.ThrowsAsync<ZcrxException>(() => first.Queue.Completion.Within("the loop ends"));
            await using TestQueue second = await OpenAsync(suspended);
            Assert.Equal(1, await suspended.ContinueOnAsync(second.Queue).Within("the connection resumes"));
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAllAsync(2000);
            await recorder.AssertCompletedAsync(2000);
        }

        await first.CloseAsync();
    }

    [Fact]
    public async Task Sender_that_waits_for_room_keeps_waiting_over_the_suspension()
    {
        using ZcrxSuspendedConnections suspended = new();
        TestQueue first = await OpenAsync(suspended);
        (Peer peer, ZcrxConnection connection) = await first.ConnectAsync();
        using (peer)
        {
            byte[] answer = new byte[16 << 20];
            Task sending = connection.SendAsync(answer).AsTask();
            await first.Queue.SuspendAsync().Within("the queue ends");
            Task second = connection.SendAsync(new byte[10]).AsTask();
            await using TestQueue queue = await OpenAsync(suspended);
            Assert.Equal(1, await suspended.ContinueOnAsync(queue.Queue).Within("the connection resumes"));
            int received = 0;
            byte[] buffer = new byte[1 << 16];
            while (received < answer.Length + 10)
            {
                received += await peer.Socket.ReceiveAsync(buffer).Within("the answer arrives");
            }

            await sending.Within("the first sender has sent");
            await second.Within("the second sender has sent");
            connection.Abort();
            await connection.Closed.Within("the connection closes");
        }

        await first.CloseAsync();
    }

    [Fact]
    public async Task Suspended_connection_that_is_not_resumed_ends_with_its_position()
    {
        ZcrxSuspendedConnections suspended = new();
        TestQueue first = await OpenAsync(suspended);
        (Peer peer, ZcrxConnection connection) = await first.ConnectAsync();
        (Peer other, ZcrxConnection closed) = await first.ConnectAsync();
        using (peer)
        using (other)
        {
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAsync(1234);
            await recorder.ReachAsync(1234);
            await first.Queue.SuspendAsync().Within("the queue ends");

            closed.Dispose();
            await closed.Closed.Within("a suspended connection closes at once");
            Assert.Equal(1, suspended.Count);

            suspended.Dispose();
            ZcrxStreamException error = Assert.IsType<ZcrxStreamException>(await recorder.AssertFailedAsync());
            Assert.Equal(1234, error.StreamOffset);
            await connection.Finished.Within("nothing is left to wait for");
            Assert.True(await peer.IsResetAsync());
        }

        await first.CloseAsync();
    }

    [Fact]
    public async Task Suspended_connection_can_be_moved_and_a_moving_connection_arrives()
    {
        using ZcrxSuspendedConnections suspended = new();
        TestQueue first = await OpenAsync(suspended);
        await using TestQueue second = await OpenAsync(suspended);
        TestQueue closed = await OpenAsync(suspended);
        await closed.CloseAsync();
        (Peer peer, ZcrxConnection connection) = await first.ConnectAsync();
        using (peer)
        {
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await first.Queue.SuspendAsync().Within("the queue ends");
            Assert.Equal(0, await suspended.ContinueOnAsync(closed.Queue).Within("a closed queue takes no connection"));
            Assert.Equal(1, suspended.Count);
            Assert.True(await connection.MoveToAsync(second.Queue).Within("the connection moves"));
            await peer.SendAllAsync(1000);
            await recorder.AssertCompletedAsync(1000);
        }

        await first.CloseAsync();
    }

    [Fact]
    public async Task A_queue_without_suspended_connections_cannot_suspend()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(() => queue.Queue.SuspendAsync());
    }

    internal static Task<TestQueue> OpenAsync(ZcrxSuspendedConnections suspended, EmulatedFaultPlan? faults = null, int buffers = 64) =>
        TestQueue.OpenAsync(buffers, configure: options => options with { Emulation = options.Emulation with { Faults = faults } }, suspended: suspended);

    internal static async Task KillAsync(TestQueue queue, EmulatedFaultPlan faults, QueueDeath death)
    {
        switch (death)
        {
            case QueueDeath.Planned:
                await queue.Queue.SuspendAsync().Within("the queue ends");
                return;
            case QueueDeath.RingThread:
                queue.Queue.Crash(new InvalidOperationException("killed"));
                break;
            default:
                faults.BreakRings(1);
                // The posted work makes the ring thread enter the ring, which then fails.
                queue.Queue.Loop.Post(static () => { });
                break;
        }

        Exception cause = await Assert.ThrowsAnyAsync<Exception>(() => queue.Queue.Completion.Within("the loop ends"));
        Assert.True(cause is InvalidOperationException or ZcrxException { ErrorNumber: Errno.EBADF }, cause.ToString());
    }
}
