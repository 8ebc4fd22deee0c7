using System.Net.Sockets;
using Akka.Actor;
using Zcrx.Actors.Tests.Support;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Streams;

public class ToActorTests
{
    [Fact]
    public async Task Nothing_is_received_before_the_actor_is_ready()
    {
        await using SinkBench bench = await SinkBench.OpenAsync();
        await bench.SendAsync(0, 5000);

        using var sink = bench.ToActor(maxUnacknowledged: 7);

        var init = await bench.ExpectAsync<ZcrxStream.Init>();
        Assert.Equal(7, init.MaxUnacknowledged);
        Assert.Equal((0L, 0), (bench.Connection.BytesReceived, bench.Waiting));
        init.Acknowledge();
        var data = await bench.TakeAsync(0, 5000);
        data.ForEach(static message => message.Acknowledge());
    }

    [Fact]
    public async Task End_arrives_after_the_last_buffer_and_completes_when_all_buffers_are_acknowledged()
    {
        await using SinkBench bench = await SinkBench.OpenAsync();
        using var sink = bench.ToActor();
        await bench.BeginAsync();
        await bench.SendAsync(0, 20_000);
        bench.Peer.Shutdown(SocketShutdown.Send);

        var data = await bench.TakeAsync(0, 20_000);
        var completed = await bench.ExpectAsync<ZcrxStream.Completed>();

        Assert.Same(sink, completed.Sink);
        Assert.Equal(data.Count, bench.BuffersOut);
        Assert.False(sink.Completion.IsCompleted);
        // The connection must stay open for replies until all buffers are acknowledged. They may be acknowledged in any order.
        Assert.False(bench.Connection.Closed.IsCompleted);
        data.Reverse();
        data.ForEach(static message => message.Acknowledge());
        await sink.Completion.WithinLimit();
        await bench.Connection.Closed.WithinLimit();
        Assert.All(data, static message => Assert.True(message.Lease.IsReleased));
    }

    [Theory]
    [InlineData(4, 64)]
    [InlineData(8, 1024)]
    public async Task An_actor_that_does_not_acknowledge_blocks_the_sender_after_exactly_its_window_of_messages(int window, int buffers)
    {
        await using SinkBench bench = await SinkBench.OpenAsync(buffers);
        using var sink = bench.ToActor(maxUnacknowledged: window);
        await bench.BeginAsync();

        var sent = await bench.SendUntilBlockedAsync(messages: window);

        Assert.Equal(window, bench.Waiting);
        // Buffers that the kernel delivered beyond the bound also count as leased, because they wait in the pool.
        Assert.InRange(bench.Connection.BuffersLeased, window, buffers - 1);
        Assert.InRange(bench.Connection.BytesReceived, 1, sent - 1);
        bench.Peer.Shutdown(SocketShutdown.Send);
        long position = 0;
        int unacknowledged = 0;
        while (position < sent)
        {
            Assert.InRange(unacknowledged + bench.Waiting, 0, window);
            var data = await bench.ExpectAsync<ZcrxStream.Data>();
            unacknowledged++;
            Assert.Equal(position, data.StreamOffset);
            Assert.Equal(Payload.Bytes(position, data.Lease.Length), data.Lease.Span.ToArray());
            position += data.Lease.Length;
            unacknowledged--;
            data.Acknowledge();
            // A second acknowledgement of the same message must not allow a further message.
            data.Acknowledge();
        }

        await bench.ExpectAsync<ZcrxStream.Completed>();
        await sink.Completion.WithinLimit();
    }

    [Fact]
    public async Task A_broken_stream_fails_after_its_received_bytes()
    {
        await using SinkBench bench = await SinkBench.OpenAsync();
        using var sink = bench.ToActor();
        await bench.BeginAsync();
        await bench.SendAsync(0, 10_000);
        var data = await bench.TakeAsync(0, 10_000);
        bench.Peer.LingerState = new LingerOption(true, 0);
        bench.Peer.Close();

        var failed = await bench.ExpectAsync<ZcrxStream.Failed>();

        var error = Assert.IsType<ZcrxStreamException>(failed.Cause);
        Assert.Equal(("ECONNRESET", 10_000L), (error.ErrorName, error.StreamOffset));
        data.ForEach(static message => message.Acknowledge());
        Assert.Same(error, await Assert.ThrowsAsync<ZcrxStreamException>(() => sink.Completion.WithinLimit()));
    }

    [Fact]
    public async Task An_actor_that_ends_releases_its_buffers_and_resets_the_connection()
    {
        await using SinkBench bench = await SinkBench.OpenAsync();
        using var sink = bench.ToActor(maxUnacknowledged: 2);
        await bench.BeginAsync();
        await bench.SendAsync(0, 3000);
        var first = await bench.TakeAsync(0, 3000);
        first.ForEach(static message => message.Acknowledge());
        await bench.SendAsync(3000, 30_000);
        var second = await bench.ExpectAsync<ZcrxStream.Data>();
        await bench.ExpectAsync<ZcrxStream.Data>();

        bench.System.Stop(bench.Actor);

        var error = await Assert.ThrowsAsync<ZcrxActorTerminatedException>(() => sink.Completion.WithinLimit());
        Assert.Equal((bench.Actor, 3000L), (error.Actor, error.StreamOffset));
        await bench.AllReturnedAsync();
        Assert.True(second.Lease.IsReleased);
        await bench.AssertResetAsync();
    }

    [Fact]
    public async Task Actor_that_ends_after_the_end_of_the_stream_without_acknowledging_resets_the_connection()
    {
        // Repeats the test to provoke a race. If the work of the actor ended before the reset, another thread could close the connection in
        // order.
        for (int i = 0; i < 50; i++)
        {
            await using SinkBench bench = await SinkBench.OpenAsync();
            using var sink = bench.ToActor();
            await bench.BeginAsync();
            await bench.SendAsync(0, 3000);
            bench.Peer.Shutdown(SocketShutdown.Send);
            await bench.TakeAsync(0, 3000);
            await bench.ExpectAsync<ZcrxStream.Completed>();

            bench.System.Stop(bench.Actor);

            await Assert.ThrowsAsync<ZcrxActorTerminatedException>(() => sink.Completion.WithinLimit());
            await bench.AssertResetAsync();
        }
    }

    [Fact]
    public async Task Actor_that_ends_while_its_stream_is_being_subscribed_resets_the_connection()
    {
        await using SinkBench bench = await SinkBench.OpenAsync();
        using ManualResetEventSlim ended = new();
        using var sink = new SlowSubscription(bench.Connection.Buffers, ended).ToActor(bench.Actor);
        await bench.SendAsync(0, 3000);
        bench.Peer.Shutdown(SocketShutdown.Send);
        // Acknowledges on another thread, because the call subscribes to the source and waits there.
        var init = await bench.ExpectAsync<ZcrxStream.Init>();
        Task subscribing = Task.Run(init.Acknowledge);
        await bench.TakeAsync(0, 3000);
        await bench.ExpectAsync<ZcrxStream.Completed>();

        bench.System.Stop(bench.Actor);
        await Assert.ThrowsAsync<ZcrxActorTerminatedException>(() => sink.Completion.WithinLimit());
        await bench.AllReturnedAsync();
        ended.Set();

        await subscribing.WithinLimit();
        await bench.AssertResetAsync();
    }

    [Fact]
    public async Task An_actor_that_has_ended_before_resets_the_connection_with_the_first_bytes()
    {
        await using SinkBench bench = await SinkBench.OpenAsync();
        using var sink = bench.ToActor();
        await bench.BeginAsync();
        await Eventually.TrueAsync(() => bench.Connection.Receiver.Stream.HasObservers, "the stream is subscribed to");
        bench.System.Stop(bench.Actor);
        await Assert.ThrowsAsync<ZcrxActorTerminatedException>(() => sink.Completion.WithinLimit());

        await bench.SendAsync(0, 1);

        await bench.AssertResetAsync();
    }

    [Fact]
    public async Task Another_observer_keeps_the_connection_when_the_actor_ends()
    {
        await using SinkBench bench = await SinkBench.OpenAsync();
        long length = 0;
        using var other = bench.Connection.Buffers.Subscribe(buffer => Volatile.Write(ref length, buffer.StreamOffset + buffer.Length));
        using var sink = bench.ToActor();
        await bench.BeginAsync();
        await Eventually.TrueAsync(() => bench.Connection.Receiver.Stream.Observers.Items.Length == 2, "both listen");
        await bench.SendAsync(0, 100);
        await bench.TakeAsync(0, 100);

        bench.System.Stop(bench.Actor);
        await Assert.ThrowsAsync<ZcrxActorTerminatedException>(() => sink.Completion.WithinLimit());
        await bench.SendAsync(100, 50_000);

        await Eventually.TrueAsync(() => Volatile.Read(ref length) == 50_000, "the other continues");
    }

    [Fact]
    public async Task Disposed_sink_releases_waiting_buffers_and_leaves_the_actor_its_leases()
    {
        await using SinkBench bench = await SinkBench.OpenAsync();
        var sink = bench.ToActor(maxUnacknowledged: 3);
        await bench.BeginAsync();
        await bench.SendUntilBlockedAsync(messages: 3);

        sink.Dispose();

        // Another observer takes the later bytes.
        using var next = bench.Connection.Buffers.Subscribe(static _ => { });
        await Eventually.TrueAsync(() => bench.BuffersOut == 3, "what waits is released");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sink.Completion.WithinLimit());
        var length = 0;
        for (int i = 0; i < 3; i++)
        {
            var data = await bench.ExpectAsync<ZcrxStream.Data>();
            Assert.Equal(Payload.Bytes(length, data.Lease.Length), data.Lease.Span.ToArray());
            length += data.Lease.Length;
            data.Acknowledge();
        }

        await bench.AllReturnedAsync();
        Assert.Equal(0, bench.Waiting);
        Assert.False(bench.Connection.Closed.IsCompleted);
    }

    [Fact]
    public async Task An_actor_that_restarts_continues_with_the_next_message()
    {
        await using SinkBench bench = await SinkBench.OpenAsync();
        using var sink = bench.ToActor(maxUnacknowledged: 2);
        await bench.BeginAsync();
        await bench.SendAsync(0, 100);
        var lost = await bench.TakeAsync(0, 100);

        bench.Actor.Tell(new RecordingActor.Crash());
        await bench.SendAsync(100, 200);

        var next = await bench.TakeAsync(100, 200);
        Assert.False(lost[0].Lease.IsReleased);
        next.ForEach(static message => message.Acknowledge());
        lost.ForEach(static message => message.Acknowledge());
        await bench.AllReturnedAsync();
    }

    [Fact]
    public async Task A_lease_that_was_moved_outlives_its_acknowledgement()
    {
        await using SinkBench bench = await SinkBench.OpenAsync();
        using var sink = bench.ToActor(maxUnacknowledged: 1);
        await bench.BeginAsync();
        await bench.SendAsync(0, 100);
        var first = await bench.ExpectAsync<ZcrxStream.Data>();

        using (var kept = first.Lease.Move())
        {
            first.Acknowledge();
            await bench.SendAsync(100, 200);
            var second = await bench.TakeAsync(first.Lease.Length, 200);
            Assert.Equal(Payload.Bytes(0, kept.Length), kept.Span.ToArray());
            second.ForEach(static message => message.Acknowledge());
        }

        await bench.AllReturnedAsync();
    }

    [Fact]
    public async Task No_buffer_is_in_flight_after_the_end_of_the_actor_system()
    {
        await using SinkBench bench = await SinkBench.OpenAsync();
        using var sink = bench.ToActor();
        await bench.BeginAsync();
        await bench.SendAsync(0, 5000);
        await bench.TakeAsync(0, 5000);

        await bench.System.Terminate().WithinLimit();

        await bench.AllReturnedAsync();
        await Assert.ThrowsAsync<ZcrxActorTerminatedException>(() => sink.Completion.WithinLimit());
        using var late = bench.ToActor();
        await Assert.ThrowsAsync<ZcrxActorTerminatedException>(() => late.Completion.WithinLimit());
    }

    [Fact]
    public async Task Messages_are_never_serialized()
    {
        await using SinkBench bench = await SinkBench.OpenAsync(config: "akka.actor.serialize-messages = on");
        using var sink = bench.ToActor();
        await bench.BeginAsync();
        await bench.SendAsync(0, 100);
        bench.Peer.Shutdown(SocketShutdown.Send);

        var data = await bench.TakeAsync(0, 100);
        await bench.ExpectAsync<ZcrxStream.Completed>();

        data.ForEach(static message => message.Acknowledge());
        await sink.Completion.WithinLimit();
    }

    [Fact]
    public async Task A_source_that_throws_when_subscribed_to_fails_the_stream()
    {
        await using SinkBench bench = await SinkBench.OpenAsync();
        using var sink = new ThrowingSource().ToActor(bench.Actor);
        await bench.BeginAsync();

        Assert.IsType<CrashException>((await bench.ExpectAsync<ZcrxStream.Failed>()).Cause);

        await Assert.ThrowsAsync<CrashException>(() => sink.Completion.WithinLimit());
    }

    [Fact]
    public async Task Wrong_arguments_are_refused()
    {
        await using SinkBench bench = await SinkBench.OpenAsync();

        Assert.Throws<ArgumentException>("actor", () => bench.Connection.Buffers.ToActor(ActorRefs.Nobody));
        Assert.Throws<ArgumentNullException>("actor", () => bench.Connection.Buffers.ToActor(null!));
        Assert.Throws<ArgumentOutOfRangeException>("maxUnacknowledged", () => bench.ToActor(0));
    }

    [Fact]
    public async Task ToActor_as_a_connection_handler_delivers_everything_after_the_connection_has_closed()
    {
        TaskCompletionSource<ActorSink> sinks = new();
        await using var bench = await SinkBench.OpenAsync();
        await using var listening = await TestHost.StartAsync(zcrx => zcrx.Listen("127.0.0.1:0", connection =>
        {
            var sink = connection.Buffers.ToActor(bench.Actor, maxUnacknowledged: 1);
            sinks.TrySetResult(sink);
            return sink;
        }));
        var probe = listening.Kit.Subscribe(typeof(ZcrxEvent.ConnectionClosed));
        using var client = await listening.ConnectAsync();
        await client.SendAsync(Payload.Bytes(0, 40_000));
        client.Shutdown(SocketShutdown.Send);
        await bench.BeginAsync();

        long position = 0;
        while (position < 40_000)
        {
            var message = await bench.ExpectAsync<ZcrxStream.Data>();
            Assert.Equal(position, message.StreamOffset);
            Assert.Equal(Payload.Bytes(position, message.Lease.Length), message.Lease.Span.ToArray());
            position += message.Lease.Length;
            message.Acknowledge();
        }

        await bench.ExpectAsync<ZcrxStream.Completed>();
        await (await sinks.Task.WithinLimit()).Completion.WithinLimit();
        Assert.Null((await probe.FishForMessageAsync<ZcrxEvent.ConnectionClosed>()).Error);
    }

    /// <summary>
    /// Subscribes to a source, and waits for an event before its <c>Subscribe</c> returns. The source delivers items before that.
    /// </summary>
    private sealed class SlowSubscription(IObservable<ReceivedBuffer> source, ManualResetEventSlim returns) : IObservable<ReceivedBuffer>
    {
        public IDisposable Subscribe(IObserver<ReceivedBuffer> observer)
        {
            IDisposable subscription = source.Subscribe(observer);
            Assert.True(returns.Wait(Eventually.Limit));
            return subscription;
        }
    }

    private sealed class ThrowingSource : IObservable<ReceivedBuffer>
    {
        public IDisposable Subscribe(IObserver<ReceivedBuffer> observer) => throw new CrashException();
    }
}
