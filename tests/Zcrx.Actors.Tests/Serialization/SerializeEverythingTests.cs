using System.Net.Sockets;
using Akka.Actor;
using Akka.Hosting;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Zcrx.Actors.Tests.Streams;
using Zcrx.Actors.Tests.Support;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Serialization;

/// <summary>
/// Tests Zcrx in an actor system that serializes every message and the arguments of every actor, as the tests of applications may do.
/// </summary>
public class SerializeEverythingTests
{
    [Fact]
    public async Task A_host_starts_receives_restarts_recovers_sends_to_actors_and_stops()
    {
        TaskCompletionSource<ActorSink> sinks = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TestProbe? reader = null;
        await using TestHost host = TestHost.Build(
            zcrx => zcrx
                .AddQueues(2, 1.MiB())
                .Listen("127.0.0.1:0", connection =>
                {
                    ActorSink sink = connection.Buffers.ToActor(reader!);
                    sinks.TrySetResult(sink);
                    return sink;
                })
                .Configure(static options => options.Rebalancing.SampleInterval = TimeSpan.FromMilliseconds(20)),
            before: static services => services.AddAkka("strict", static akka => akka.AddHocon(
                """akka { loglevel = ERROR, stdout-loglevel = OFF, actor { serialize-messages = on, serialize-creators = on } }""", HoconAddMode.Prepend)));
        TestKit kit = new(host.Services.GetRequiredService<ActorSystem>());
        reader = kit.CreateTestProbe();
        await host.StartAsync();
        TestProbe deadLetters = DeadLetterProbe.Create(kit);
        TestProbe events = kit.CreateTestProbe();
        kit.Sys.EventStream.Subscribe(events, typeof(ZcrxEvent));
        IActorRef supervisor = host.Zcrx.Supervisor;

        using Socket client = await host.ConnectAsync();
        reader.ExpectMsg<ZcrxStream.Init>(Eventually.Limit).Acknowledge();
        await ReceiveAsync(reader, client, 0, 10_000);
        string queue = events.FishForMessage<ZcrxEvent.ConnectionOpened>(static _ => true, Eventually.Limit).Queue;

        // The sender is a probe, so that the reply passes a mailbox and is checked. A reply to Ask passes no mailbox.
        supervisor.Tell(new ZcrxCommand.RestartQueue(queue), reader);
        reader.ExpectMsg<ZcrxReply.Restarted>(Eventually.Limit);
        await ReceiveAsync(reader, client, 10_000, 20_000);
        host.Crash(queue);
        events.FishForMessage<ZcrxEvent.QueueRestarting>(static _ => true, Eventually.Limit);
        events.FishForMessage<ZcrxEvent.QueueOpened>(static _ => true, Eventually.Limit);
        await ReceiveAsync(reader, client, 20_000, 30_000);
        supervisor.Tell(new ZcrxCommand.GetStatus(), reader);
        Assert.Equal(ZcrxState.Running, reader.ExpectMsg<ZcrxStatus>(Eventually.Limit).State);
        client.Shutdown(SocketShutdown.Send);
        reader.ExpectMsg<ZcrxStream.Completed>(Eventually.Limit);
        await (await sinks.Task.WithinLimit()).Completion.WithinLimit();
        events.FishForMessage<ZcrxEvent.ConnectionClosed>(static _ => true, Eventually.Limit);

        supervisor.Tell(new ZcrxCommand.Stop(TimeSpan.FromSeconds(5)), reader);
        Assert.Equal(ZcrxState.Stopped, reader.ExpectMsg<ZcrxStatus>(Eventually.Limit).State);
        DeadLetterProbe.AssertNothingCame(kit.Sys, deadLetters);
    }

    private static async Task ReceiveAsync(TestProbe reader, Socket client, long from, long to)
    {
        await client.SendAsync(Payload.Bytes(from, (int)(to - from)));
        while (from < to)
        {
            ZcrxStream.Data data = reader.ExpectMsg<ZcrxStream.Data>(Eventually.Limit);
            Assert.Equal(Payload.Bytes(from, data.Lease.Length), data.Lease.Span.ToArray());
            from += data.Lease.Length;
            data.Acknowledge();
        }
    }
}
