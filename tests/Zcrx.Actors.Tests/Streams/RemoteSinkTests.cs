using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Routing;
using Zcrx.Actors.Tests.Remoting;
using Zcrx.Actors.Tests.Support;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Streams;

/// <summary>Tests ToActor with messages that are about to be sent to another process.</summary>
public class RemoteSinkTests
{
    [Fact]
    public async Task ToActor_with_an_actor_of_another_process_is_refused()
    {
        await using OtherProcess other = await OtherProcess.StartAsync();
        await using SinkBench bench = await SinkBench.OpenAsync(config: RemotePeer.Loopback);
        IActorRef remote = await other.ResolveAsync(bench.System);

        ArgumentException error = Assert.Throws<ArgumentException>("actor", () => bench.Connection.Buffers.ToActor(remote));
        ArgumentException errorOfFrames = Assert.Throws<ArgumentException>("actor", () => Frames(bench).ToActor(remote));

        Assert.Contains("its bytes are memory of this process", error.Message, StringComparison.Ordinal);
        Assert.Equal(error.Message, errorOfFrames.Message);
    }

    [Fact]
    public async Task A_router_with_a_routee_in_another_process_ends_the_stream_with_an_error()
    {
        await using OtherProcess other = await OtherProcess.StartAsync();
        await using SinkBench bench = await SinkBench.OpenAsync(config: RemotePeer.Loopback);
        await other.ResolveAsync(bench.System);
        IActorRef router = bench.System.ActorOf(Props.Empty.WithRouter(new RoundRobinGroup(other.Listener)));

        using ActorSink sink = bench.Connection.Buffers.ToActor(router);

        await AssertEndedAsync(sink);
        await bench.SendAsync(0, 1);
        await bench.AssertResetAsync();
    }

    [Fact]
    public async Task A_buffer_that_is_forwarded_to_another_process_is_released_and_ends_the_stream()
    {
        await using OtherProcess other = await OtherProcess.StartAsync();
        await using SinkBench bench = await SinkBench.OpenAsync(config: RemotePeer.Loopback);
        IActorRef remote = await other.ResolveAsync(bench.System);
        using ActorSink sink = bench.ToActor(maxUnacknowledged: 2);
        await bench.BeginAsync();
        await bench.SendAsync(0, 100);
        ZcrxStream.Data first = (await bench.TakeAsync(0, 100))[0];
        await bench.SendAsync(100, 30_000);
        ZcrxStream.Data second = await bench.ExpectAsync<ZcrxStream.Data>();

        remote.Tell(second);

        await AssertEndedAsync(sink);
        await bench.AllReturnedAsync();
        Assert.True(first.Lease.IsReleased && second.Lease.IsReleased);
        await bench.AssertResetAsync();
        // The stream has ended, so an acknowledgement must have no effect.
        second.Acknowledge();
    }

    [Fact]
    public async Task A_frame_that_is_forwarded_to_another_process_is_released_and_ends_the_stream()
    {
        await using OtherProcess other = await OtherProcess.StartAsync();
        await using SinkBench bench = await SinkBench.OpenAsync(config: RemotePeer.Loopback);
        IActorRef remote = await other.ResolveAsync(bench.System);
        using ActorSink sink = Frames(bench).ToActor(bench.Actor);
        await bench.BeginAsync();
        await bench.SendAsync("one\ntwo\n"u8.ToArray());
        ZcrxStream.Frame first = await bench.ExpectAsync<ZcrxStream.Frame>();
        ZcrxStream.Frame second = await bench.ExpectAsync<ZcrxStream.Frame>();

        remote.Tell(first);

        await AssertEndedAsync(sink);
        await bench.AllReturnedAsync();
        Assert.True(first.Lease.IsReleased && second.Lease.IsReleased);
        await bench.AssertResetAsync();
    }

    [Fact]
    public async Task The_end_of_a_stream_cannot_be_serialized()
    {
        await using SinkBench bench = await SinkBench.OpenAsync();
        using ActorSink sink = bench.ToActor();
        await bench.BeginAsync();
        bench.Peer.Shutdown(System.Net.Sockets.SocketShutdown.Send);
        ZcrxStream.Completed completed = await bench.ExpectAsync<ZcrxStream.Completed>();

        Assert.Throws<SerializationException>(() => bench.System.Serialization.FindSerializerFor(completed).ToBinary(completed));

        await sink.Completion.WithinLimit();
    }

    private static IObservable<ReceivedFrame> Frames(SinkBench bench) => bench.Connection.Buffers.Frames(Delimiter.LineFeed, maxLength: 100);

    private static async Task AssertEndedAsync(ActorSink sink)
    {
        ZcrxException error = await Assert.ThrowsAsync<ZcrxException>(() => sink.Completion.WithinLimit());
        Assert.Contains("was about to be serialized for another process", error.Message, StringComparison.Ordinal);
    }
}
