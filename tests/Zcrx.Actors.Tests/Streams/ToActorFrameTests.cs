using System.Buffers;
using System.Buffers.Binary;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Routing;
using Zcrx.Actors.Tests.Support;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Streams;

/// <summary>Tests ToActor with frames.</summary>
public class ToActorFrameTests
{
    private const int LongestFrame = 100_000;

    [Fact]
    public async Task Frames_arrive_with_their_bytes_and_connection_and_are_released_when_acknowledged()
    {
        await using SinkBench bench = await SinkBench.OpenAsync();
        using ActorSink sink = Frames(bench).ToActor(bench.Actor, maxUnacknowledged: 7, maxUnacknowledgedBytes: 1000);
        ZcrxStream.Init init = await bench.ExpectAsync<ZcrxStream.Init>();
        Assert.Equal((7, 1000L), (init.MaxUnacknowledged, init.MaxUnacknowledgedBytes));
        init.Acknowledge();
        await bench.SendAsync(Stream(5, 0, 300));

        ZcrxStream.Frame first = await ExpectAsync(bench, 4, 5);
        ZcrxStream.Frame empty = await ExpectAsync(bench, 13, 0);
        ZcrxStream.Frame last = await ExpectAsync(bench, 17, 300);
        Assert.Equal((sink, bench.Connection), (first.Sink, first.Connection));
        first.Acknowledge();
        last.Acknowledge();
        empty.Acknowledge();
        Assert.True(first.Lease.IsReleased && empty.Lease.IsReleased && last.Lease.IsReleased);
        bench.Peer.Shutdown(SocketShutdown.Send);

        await bench.ExpectAsync<ZcrxStream.Completed>();
        await sink.Completion.WithinLimit();
        await bench.Connection.Closed.WithinLimit();
    }

    [Theory]
    [InlineData(64, 3500, 3)]
    [InlineData(4, 1 << 20, 4)]
    [InlineData(64, 10, 1)]
    public async Task Actor_that_does_not_acknowledge_holds_the_connection_at_exactly_its_bounds(int messages, long bytes, int expected)
    {
        const int Length = 1000;
        await using SinkBench bench = await SinkBench.OpenAsync();
        using ActorSink sink = Frames(bench).ToActor(bench.Actor, messages, bytes);
        await bench.BeginAsync();
        byte[] stream = Stream([.. Enumerable.Repeat(Length, 30)]);
        // The frames fit into a few buffers, so the kernel delivers more frames than the bound allows.
        await bench.SendAsync(stream);
        await Eventually.TrueAsync(() => bench.Connection.BytesReceived >= (expected + 1) * (Length + 4) && bench.Connection.BytesWaiting > 0, "more has been received than the actor may have");
        await Eventually.TrueAsync(() => bench.Waiting >= expected, "the actor has what it may have");

        Assert.Equal(expected, bench.Waiting);
        bench.Peer.Shutdown(SocketShutdown.Send);
        List<ZcrxStream.Frame> unacknowledged = [];
        for (int i = 0; i < 30; i++)
        {
            // After half of the messages are acknowledged, further ones may be sent.
            while (unacknowledged.Count > expected / 2)
            {
                unacknowledged[^1].Acknowledge();
                // A second acknowledgement of the same message must not allow a further message.
                unacknowledged[^1].Acknowledge();
                unacknowledged.RemoveAt(unacknowledged.Count - 1);
            }

            unacknowledged.Add(await ExpectAsync(bench, (i * (Length + 4)) + 4, Length));
            Assert.InRange(unacknowledged.Count + bench.Waiting, 1, expected);
        }

        unacknowledged.ForEach(static frame => frame.Acknowledge());
        await bench.ExpectAsync<ZcrxStream.Completed>();
        await sink.Completion.WithinLimit();
    }

    [Fact]
    public async Task Frame_longer_than_the_bound_of_bytes_is_sent_alone()
    {
        await using SinkBench bench = await SinkBench.OpenAsync();
        using ActorSink sink = Frames(bench).ToActor(bench.Actor, maxUnacknowledgedBytes: 500);
        await bench.BeginAsync();
        await bench.SendAsync(Stream(100, 50_000, 100));

        ZcrxStream.Frame small = await ExpectAsync(bench, 4, 100);
        await Eventually.TrueAsync(() => bench.Connection.BytesWaiting > 50_000, "the long frame has arrived and waits");
        Assert.Equal(0, bench.Waiting);
        small.Acknowledge();
        ZcrxStream.Frame large = await ExpectAsync(bench, 108, 50_000);
        Assert.Equal(0, bench.Waiting);
        large.Acknowledge();
        (await ExpectAsync(bench, 50_112, 100)).Acknowledge();
    }

    [Fact]
    public async Task Actor_that_ends_releases_its_frames_and_resets_the_connection()
    {
        await using SinkBench bench = await SinkBench.OpenAsync();
        using ActorSink sink = Frames(bench).ToActor(bench.Actor, maxUnacknowledged: 2);
        await bench.BeginAsync();
        await bench.SendAsync(Stream(100, 100, 100, 100));
        (await ExpectAsync(bench, 4, 100)).Acknowledge();
        ZcrxStream.Frame second = await ExpectAsync(bench, 108, 100);

        bench.System.Stop(bench.Actor);

        ZcrxActorTerminatedException error = await Assert.ThrowsAsync<ZcrxActorTerminatedException>(() => sink.Completion.WithinLimit());
        Assert.Equal((bench.Actor, 108L), (error.Actor, error.StreamOffset));
        await bench.AllReturnedAsync();
        Assert.True(second.Lease.IsReleased);
        await bench.AssertResetAsync();
    }

    [Fact]
    public async Task Moved_frame_outlives_its_acknowledgement()
    {
        await using SinkBench bench = await SinkBench.OpenAsync();
        using ActorSink sink = Frames(bench).ToActor(bench.Actor);
        await bench.BeginAsync();
        await bench.SendAsync(Stream(100));
        ZcrxStream.Frame frame = await ExpectAsync(bench, 4, 100);

        using (FrameLease kept = frame.Lease.Move())
        {
            frame.Acknowledge();
            Assert.Equal(Payload.Bytes(4, 100), kept.ToArray());
            Assert.Equal(1, bench.BuffersOut);
        }

        await bench.AllReturnedAsync();
    }

    [Fact]
    public async Task Stream_without_a_frame_completes_and_the_connection_closes()
    {
        await using SinkBench bench = await SinkBench.OpenAsync();
        using ActorSink sink = Frames(bench).ToActor(bench.Actor);
        await bench.BeginAsync();
        bench.Peer.Shutdown(SocketShutdown.Send);
        await bench.ExpectAsync<ZcrxStream.Completed>();

        await sink.Completion.WithinLimit();
        await bench.Connection.Closed.WithinLimit();
    }

    [Fact]
    public async Task Broken_framing_fails_after_the_complete_frames()
    {
        await using SinkBench bench = await SinkBench.OpenAsync();
        using ActorSink sink = Frames(bench).ToActor(bench.Actor);
        await bench.BeginAsync();
        byte[] tooLong = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(tooLong, LongestFrame + 1);
        await bench.SendAsync(Stream(100).Concat(tooLong).ToArray());

        (await ExpectAsync(bench, 4, 100)).Acknowledge();
        ZcrxStream.Failed failed = await bench.ExpectAsync<ZcrxStream.Failed>();

        Assert.Same(Assert.IsType<ZcrxFramingException>(failed.Cause), await Assert.ThrowsAsync<ZcrxFramingException>(() => sink.Completion.WithinLimit()));
        await bench.AssertResetAsync();
    }

    [Fact]
    public async Task Routees_acknowledge_frames_of_many_connections_and_answer_on_each()
    {
        const int Connections = 8;
        const int Frames = 200;
        Lazy<IActorRef>? pool = null;
        await using TestHost host = await TestHost.StartAsync(zcrx => zcrx.Listen("127.0.0.1:0", connection =>
            connection.Buffers.Frames(LengthPrefix.UInt32BigEndian, LongestFrame).ToActor(pool!.Value, maxUnacknowledged: 8, maxUnacknowledgedBytes: 4096)));
        pool = new Lazy<IActorRef>(() => host.System.ActorOf(Props.Create(() => new Answering()).WithRouter(new RoundRobinPool(4))));

        await Task.WhenAll(Enumerable.Range(0, Connections).Select(async _ =>
        {
            using Socket client = await host.ConnectAsync();
            byte[] stream = Stream([.. Enumerable.Repeat(100, Frames)]);
            Task sending = Task.Run(async () =>
            {
                await client.SendAsync(stream);
                client.Shutdown(SocketShutdown.Send);
            });
            byte[] replies = new byte[Frames * 8];
            int count = 0;
            while (count < replies.Length && await client.ReceiveAsync(replies.AsMemory(count)) is var received and > 0)
            {
                count += received;
            }

            await sending;
            IEnumerable<long> offsets = Enumerable.Range(0, Frames).Select(i => BinaryPrimitives.ReadInt64BigEndian(replies.AsSpan(i * 8))).Order();
            Assert.Equal(Enumerable.Range(0, Frames).Select(static i => (i * 104L) + 4), offsets);
            Assert.Equal(0, await client.ReceiveAsync(replies));
        })).WithinLimit();
        await host.Kit.AwaitConditionAsync(() => host.Queues.All(static queue => queue.Snapshot()!.BuffersOut == 0), "all buffers have come back");
    }

    private static IObservable<ReceivedFrame> Frames(SinkBench bench) => bench.Connection.Buffers.Frames(LengthPrefix.UInt32BigEndian, LongestFrame);

    private static async Task<ZcrxStream.Frame> ExpectAsync(SinkBench bench, long offset, int length)
    {
        ZcrxStream.Frame frame = await bench.ExpectAsync<ZcrxStream.Frame>();
        Assert.Equal((offset, length), (frame.StreamOffset, frame.Length));
        Assert.Equal(Payload.Bytes(offset, length), frame.Sequence.ToArray());
        return frame;
    }

    /// <summary>Returns frames with the given lengths. Each byte of their content depends only on its position in the stream.</summary>
    private static byte[] Stream(params int[] lengths)
    {
        byte[] stream = Payload.Bytes(lengths.Sum(static length => length + 4));
        int position = 0;
        foreach (int length in lengths)
        {
            BinaryPrimitives.WriteUInt32BigEndian(stream.AsSpan(position), (uint)length);
            position += length + 4;
        }

        return stream;
    }

    private sealed class Answering : ReceiveActor
    {
        public Answering()
        {
            Receive<ZcrxStream.Init>(static init => init.Acknowledge());
            ReceiveAsync<ZcrxStream.Frame>(static async frame =>
            {
                byte[] reply = new byte[8];
                BinaryPrimitives.WriteInt64BigEndian(reply, frame.StreamOffset);
                await frame.Connection.SendAsync(reply);
                frame.Acknowledge();
            });
            ReceiveAny(static _ => { });
        }
    }
}
