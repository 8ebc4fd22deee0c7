using System.Collections.Concurrent;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Routing;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using Zcrx.Actors.Tests.Support;
using Zcrx.Interop;

namespace Zcrx.Actors.Tests.Streams;

/// <summary>Tests ToActor with different dispatchers: the actor runs and acknowledges on different threads.</summary>
public class ToActorDispatchTests : TestKit
{
    [Fact]
    public async Task An_actor_that_runs_inside_Tell_gets_everything_in_order_and_never_more_than_its_window()
    {
        await using SinkBench bench = await SinkBench.OpenAsync();
        State state = new();
        IActorRef actor = Sys.ActorOf(Props.Create(() => new InlineActor(state)).WithDispatcher(CallingThreadDispatcher.Id));

        using ActorSink sink = bench.Connection.Buffers.ToActor(actor, maxUnacknowledged: 2);
        await bench.SendAsync(0, 200_000);
        bench.Peer.Shutdown(SocketShutdown.Send);

        await sink.Completion.WithinLimit();
        Assert.Empty(state.Faults);
        Assert.Equal(200_000, state.Position);
        Assert.True(state.HasCompleted);
    }

    [Fact]
    public async Task An_actor_that_runs_inside_Tell_may_wait_for_another_thread_that_acknowledges()
    {
        await using SinkBench bench = await SinkBench.OpenAsync();
        State state = new() { AcknowledgesElsewhere = true };
        IActorRef actor = Sys.ActorOf(Props.Create(() => new InlineActor(state)).WithDispatcher(CallingThreadDispatcher.Id));

        using ActorSink sink = bench.Connection.Buffers.ToActor(actor, maxUnacknowledged: 2);
        await bench.SendAsync(0, 50_000);
        bench.Peer.Shutdown(SocketShutdown.Send);

        await sink.Completion.WithinLimit();
        Assert.Empty(state.Faults);
        Assert.Equal(50_000, state.Position);
    }

    [Fact]
    public async Task Routees_acknowledge_what_the_router_gave_them()
    {
        await using SinkBench bench = await SinkBench.OpenAsync();
        Received received = new();
        IActorRef router = Sys.ActorOf(Props.Create(() => new Routee(received)).WithRouter(new RoundRobinPool(4)));

        using ActorSink sink = bench.Connection.Buffers.ToActor(router, maxUnacknowledged: 8);
        await bench.SendAsync(0, 300_000);
        bench.Peer.Shutdown(SocketShutdown.Send);

        await sink.Completion.WithinLimit();
        Assert.Equal(300_000, received.Bytes);
        Assert.Equal(4, received.Routees.Count);
    }

    [Fact]
    public async Task Actor_distinguishes_its_streams_by_their_sinks()
    {
        await using SinkBench first = await SinkBench.OpenAsync();
        await using SinkBench second = await SinkBench.OpenAsync();

        TestProbe reader = CreateTestProbe();
        using ActorSink one = first.Connection.Buffers.ToActor(reader);
        using ActorSink other = second.Connection.Buffers.ToActor(reader);

        Assert.Same(one, reader.ExpectMsg<ZcrxStream.Init>(Eventually.Limit).Sink);
        ZcrxStream.Init init = reader.ExpectMsg<ZcrxStream.Init>(Eventually.Limit);
        Assert.Same(other, init.Sink);
        Assert.NotSame(one, other);
        Assert.True(reader.LastSender.IsNobody());
        init.Acknowledge();
        await second.SendAsync(0, 1);
        ZcrxStream.Data data = reader.ExpectMsg<ZcrxStream.Data>(Eventually.Limit);
        Assert.Same(other, data.Sink);
        data.Acknowledge();
    }

    [Fact]
    public async Task An_actor_that_ended_before_it_was_ready_resets_the_connection_with_the_first_bytes()
    {
        await using SinkBench bench = await SinkBench.OpenAsync();
        using ActorSink sink = bench.ToActor();
        await bench.ExpectAsync<ZcrxStream.Init>();

        bench.System.Stop(bench.Actor);

        await Assert.ThrowsAsync<ZcrxActorTerminatedException>(() => sink.Completion.WithinLimit());
        await bench.SendAsync(0, 1);
        await bench.AssertResetAsync();
    }

    [Fact]
    public async Task An_actor_may_send_a_stream_to_itself_inside_an_asynchronous_handler_and_end()
    {
        await using SinkBench bench = await SinkBench.OpenAsync();
        TestProbe deadLetters = DeadLetterProbe.Create(this);
        IActorRef actor = Sys.ActorOf(Props.Create(() => new SelfSink()));
        ActorSink sink = await actor.Ask<ActorSink>(bench.Connection.Buffers).WithinLimit();

        TestProbe watcher = CreateTestProbe();
        watcher.Watch(actor);
        await bench.SendAsync(0, 100);

        watcher.ExpectTerminated(actor, Eventually.Limit);
        await Assert.ThrowsAsync<ZcrxActorTerminatedException>(() => sink.Completion.WithinLimit());
        DeadLetterProbe.AssertNothingCame(Sys, deadLetters);
    }

    [Fact]
    public async Task Streams_that_end_or_are_disposed_leave_no_dead_letter()
    {
        TestProbe deadLetters = DeadLetterProbe.Create(this);
        TestProbe reader = CreateTestProbe();
        for (int i = 0; i < 50; i++)
        {
            await using SinkBench bench = await SinkBench.OpenAsync(buffers: 4);
            ActorSink sink = bench.Connection.Buffers.ToActor(reader, maxUnacknowledged: 4);
            reader.ExpectMsg<ZcrxStream.Init>(Eventually.Limit).Acknowledge();
            await bench.SendAsync(0, 100);
            ZcrxStream.Data data = reader.ExpectMsg<ZcrxStream.Data>(Eventually.Limit);
            if (i % 2 == 0)
            {
                sink.Dispose();
                data.Acknowledge();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sink.Completion.WithinLimit());
                continue;
            }

            bench.Peer.Shutdown(SocketShutdown.Send);
            data.Acknowledge();
            reader.FishForMessage<ZcrxStream>(
                message =>
                {
                    (message as ZcrxStream.Data)?.Acknowledge();
                    return message is ZcrxStream.Completed;
                },
                Eventually.Limit);
            await sink.Completion.WithinLimit();
        }

        // All streams have ended. Once the reader has stopped, each message that it has not received is a dead letter.
        TestProbe watcher = CreateTestProbe();
        watcher.Watch(reader);
        Sys.Stop(reader);
        watcher.ExpectTerminated(reader, Eventually.Limit);
        DeadLetterProbe.AssertNothingCame(Sys, deadLetters);
    }

    private sealed class State
    {
        private readonly ConcurrentQueue<string> _faults = new();

        public bool AcknowledgesElsewhere { get; init; }

        public long Position { get; set; }

        public bool HasCompleted { get; set; }

        public bool IsInside { get; set; }

        public IReadOnlyCollection<string> Faults => _faults;

        public void Check(bool condition, string fault)
        {
            if (!condition)
            {
                _faults.Enqueue(fault);
            }
        }
    }

    private sealed class InlineActor(State state) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            state.Check(!state.IsInside, "two messages at a time");
            state.IsInside = true;
            switch (message)
            {
                case ZcrxStream.Init init:
                    init.Acknowledge();
                    break;
                case ZcrxStream.Data data:
                    state.Check(data.StreamOffset == state.Position, $"{data.StreamOffset} after {state.Position}");
                    state.Check(data.Lease.Span.SequenceEqual(Payload.Bytes(data.StreamOffset, data.Lease.Length)), $"other bytes at {data.StreamOffset}");
                    state.Position += data.Lease.Length;
                    Acknowledge(data);
                    break;
                default:
                    state.HasCompleted = message is ZcrxStream.Completed;
                    break;
            }

            state.IsInside = false;
        }

        private void Acknowledge(ZcrxStream.Data data)
        {
            if (!state.AcknowledgesElsewhere)
            {
                data.Acknowledge();
                return;
            }

            Thread other = new(data.Acknowledge);
            other.Start();
            state.Check(other.Join(Eventually.Limit), "acknowledging waits for the sending thread");
        }
    }

    private sealed class Received
    {
        private readonly ConcurrentDictionary<IActorRef, bool> _routees = new();
        private long _bytes;

        public long Bytes => Interlocked.Read(ref _bytes);

        public ICollection<IActorRef> Routees => _routees.Keys;

        public void Add(IActorRef routee, long bytes)
        {
            _routees[routee] = true;
            Interlocked.Add(ref _bytes, bytes);
        }
    }

    private sealed class Routee : ReceiveActor
    {
        public Routee(Received received)
        {
            Receive<ZcrxStream.Init>(static init => init.Acknowledge());
            Receive<ZcrxStream.Data>(data =>
            {
                received.Add(Self, data.Lease.Length);
                data.Acknowledge();
            });
            ReceiveAny(static _ => { });
        }
    }

    private sealed class SelfSink : ReceiveActor
    {
        public SelfSink()
        {
            ReceiveAsync<IObservable<ReceivedBuffer>>(async source =>
            {
                await Task.Yield();
                Sender.Tell(source.ToActor(Self));
            });
            Receive<ZcrxStream.Init>(static init => init.Acknowledge());
            Receive<ZcrxStream.Data>(_ => Context.Stop(Self));
        }
    }
}
