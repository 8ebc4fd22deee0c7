using System.Runtime.Serialization;
using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using Microsoft.Extensions.Logging;
using Zcrx.Actors.Tests.Support;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Remoting;

/// <summary>Tests commands and messages between two processes over Akka.Remote.</summary>
public sealed class RemoteCommandTests : TestKit
{
    private const int Refused = 1603;

    private readonly LogRecorder _log = new();
    private readonly ILoggerFactory _loggers;
    private readonly IActorRef _supervisor;

    public RemoteCommandTests()
        : base(RemotePeer.Loopback, "ours")
    {
        _loggers = LoggerFactory.Create(logging => logging.SetMinimumLevel(LogLevel.Debug).AddProvider(_log));
        ZcrxOptions options = new()
        {
            Engine = ZcrxEngine.Emulated,
            Listeners = { new ZcrxListenerOptions { EndPoint = "127.0.0.1:0", Handler = new Received().Handle } },
        };
        _supervisor = Sys.ActorOf(ZcrxSupervisor.Props(options, _loggers), "zcrx");
    }

    [Fact]
    public async Task Every_command_from_another_process_is_refused_and_none_is_executed()
    {
        ZcrxStatus before = await _supervisor.Ask<ZcrxStatus>(new ZcrxCommand.WhenStarted()).WithinLimit();
        Assert.Equal(typeof(ZcrxCommand).GetNestedTypes().Select(static type => type.Name).Order(), RemotePeer.Commands.Keys.Order());
        TestProbe events = CreateTestProbe();
        Sys.EventStream.Subscribe(events, typeof(ZcrxEvent));
        TestProbe deadLetters = DeadLetterProbe.Create(this);
        await using OtherProcess other = await OtherProcess.StartAsync();

        foreach (string command in RemotePeer.Commands.Keys)
        {
            string answer = await other.AskAsync(_supervisor, command);

            Assert.StartsWith($"InvalidOperationException Could not carry out ZcrxCommand.{command}: it came from another process", answer, StringComparison.Ordinal);
            Assert.Contains("Send a message of your own to an actor in that process", answer, StringComparison.Ordinal);
            await other.TellAsync(_supervisor, command);
        }

        await Eventually.TrueAsync(() => _log.Entries.Count(static entry => entry.EventId == Refused) == 2 * RemotePeer.Commands.Count, "every command is refused");
        ZcrxStatus after = await _supervisor.Ask<ZcrxStatus>(new ZcrxCommand.GetStatus()).WithinLimit();
        Assert.Equal((ZcrxState.Running, true), (after.State, after.IsAccepting));
        Assert.Equal(before.Queues.Select(static queue => (queue.Name, queue.State, queue.Restarts)), after.Queues.Select(static queue => (queue.Name, queue.State, queue.Restarts)));
        Assert.Equal(before.Listeners, after.Listeners);
        DeadLetterProbe.AssertNothingCame(Sys, events);
        DeadLetterProbe.AssertNothingCame(Sys, deadLetters);
    }

    [Fact]
    public async Task A_command_that_is_forwarded_for_another_process_is_refused()
    {
        IActorRef forwarder = Sys.ActorOf(Props.Create(() => new Forwarder(_supervisor)));
        await using OtherProcess other = await OtherProcess.StartAsync();

        string answer = await other.AskTextAsync(forwarder, "status");

        Assert.StartsWith("InvalidOperationException Could not carry out ZcrxCommand.GetStatus", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_actor_beside_the_supervisor_answers_another_process()
    {
        await _supervisor.Ask<ZcrxStatus>(new ZcrxCommand.WhenStarted()).WithinLimit();
        IActorRef relay = Sys.ActorOf(Props.Create(() => new Relay(_supervisor)));
        await using OtherProcess other = await OtherProcess.StartAsync();

        Assert.Equal("answer Running", await other.AskTextAsync(relay, "state"));
    }

    [Fact]
    public async Task Replies_status_and_events_are_not_sent_to_another_process()
    {
        ZcrxStatus status = await _supervisor.Ask<ZcrxStatus>(new ZcrxCommand.WhenStarted()).WithinLimit();
        await using OtherProcess other = await OtherProcess.StartAsync();
        IActorRef listener = await other.ResolveAsync(Sys);

        object[] messages = [status, new ZcrxEvent.Started(status), new ZcrxReply.Restarted(status.Queues[0]), new Status.Success(status)];
        foreach (object message in messages)
        {
            await EventFilter.Exception<SerializationException>(contains: "Serialization failed").ExpectOneAsync(Eventually.Limit, () =>
            {
                listener.Tell(message);
                return Task.CompletedTask;
            });
        }
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        _loggers.Dispose();
        _log.Dispose();
    }

    private sealed class Forwarder : ReceiveActor
    {
        public Forwarder(IActorRef supervisor) => Receive<string>(_ => supervisor.Forward(new ZcrxCommand.GetStatus()));
    }

    private sealed class Relay : ReceiveActor
    {
        public Relay(IActorRef supervisor) => ReceiveAsync<string>(async _ =>
        {
            ZcrxStatus status = await supervisor.Ask<ZcrxStatus>(new ZcrxCommand.GetStatus());
            Sender.Tell(status.State.ToString());
        });
    }
}
