using System.Net;
using System.Net.Sockets;
using System.Reactive.Disposables;
using Akka.Actor;
using Akka.Event;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using Zcrx.Actors.Queues;
using Zcrx.Actors.Supervision;
using Zcrx.Actors.Tests.Support;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Supervision;

/// <summary>Tests that the end of every connection is reported, for every way in which the actors can end.</summary>
public sealed class StopReportTests : TestKit
{
    private const int Stops = 200;

    private readonly TestProbe _events;

    public StopReportTests()
    {
        _events = CreateTestProbe();
        Sys.EventStream.Subscribe(_events, typeof(ZcrxEvent));
        Sys.EventStream.Subscribe(_events, typeof(AllDeadLetters));
        Sys.EventStream.Subscribe(_events, typeof(UnhandledMessage));
    }

    [Fact]
    public async Task Stops_that_drain_a_connection_report_its_end_and_leave_no_dead_letter()
    {
        for (int i = 0; i < Stops; i++)
        {
            IActorRef supervisor = Start();
            using Socket client = await ConnectAsync(supervisor);
            Expect<ZcrxEvent.ConnectionOpened>();
            await client.SendAsync(new byte[10_000]);
            client.Shutdown(SocketShutdown.Send);

            await StopAndCheckAsync(supervisor, i);
        }
    }

    [Fact]
    public async Task Stops_report_the_end_of_attached_connections()
    {
        for (int i = 0; i < Stops / 4; i++)
        {
            IActorRef supervisor = Start();
            await supervisor.Ask<ZcrxStatus>(new ZcrxCommand.WhenStarted()).WithinLimit();
            using Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            listener.Listen();
            using Socket client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await client.ConnectAsync(listener.LocalEndPoint!).WithinLimit();
            Socket accepted = await listener.AcceptAsync().WithinLimit();
            Assert.IsType<ZcrxReply.Attached>(await supervisor.Ask<ZcrxReply>(new ZcrxCommand.AttachConnection(accepted, new Received().Handle)).WithinLimit());
            client.Shutdown(SocketShutdown.Send);

            await StopAndCheckAsync(supervisor, i);
        }
    }

    [Theory]
    [InlineData("listener-0")]
    [InlineData("queue-0")]
    [InlineData("queue-0/incarnation")]
    [InlineData("rebalancer")]
    public async Task The_end_of_a_connection_is_reported_when_an_actor_is_killed(string name)
    {
        IActorRef supervisor = Start();
        using Socket client = await ConnectAsync(supervisor);
        long id = Expect<ZcrxEvent.ConnectionOpened>().ConnectionId;

        Sys.ActorSelection($"{supervisor.Path}/{name}").Tell(Kill.Instance);
        client.Shutdown(SocketShutdown.Send);

        Assert.Equal(id, Expect<ZcrxEvent.ConnectionClosed>().ConnectionId);
        await supervisor.Ask<ZcrxStatus>(new ZcrxCommand.Stop(TimeSpan.FromSeconds(5))).WithinLimit();
        Expect<ZcrxEvent.Stopped>();
    }

    [Fact]
    public async Task The_end_of_a_connection_is_reported_when_the_supervisor_is_killed()
    {
        IActorRef supervisor = Start();
        using Socket client = await ConnectAsync(supervisor);
        long id = Expect<ZcrxEvent.ConnectionOpened>().ConnectionId;

        supervisor.Tell(Kill.Instance);

        Assert.Equal(id, Expect<ZcrxEvent.ConnectionClosed>().ConnectionId);
    }

    [Fact]
    public async Task A_listener_that_is_killed_during_a_stop_does_not_prevent_the_stop()
    {
        IActorRef supervisor = Start();
        using Socket client = await ConnectAsync(supervisor);
        Expect<ZcrxEvent.ConnectionOpened>();
        Task<ZcrxStatus> stopping = supervisor.Ask<ZcrxStatus>(new ZcrxCommand.Stop(Eventually.Limit));
        Expect<ZcrxEvent.Stopping>();

        Sys.ActorSelection(supervisor.Path / "listener-0").Tell(Kill.Instance);
        client.Shutdown(SocketShutdown.Send);

        Assert.Equal(ZcrxState.Stopped, (await stopping.WithinLimit()).State);
        Expect<ZcrxEvent.ConnectionClosed>();
    }

    [Fact]
    public async Task Stops_while_queues_are_being_opened_leave_no_dead_letter()
    {
        for (int i = 0; i < Stops / 4; i++)
        {
            IActorRef supervisor = Start();

            Assert.Equal(ZcrxState.Stopped, (await supervisor.Ask<ZcrxStatus>(new ZcrxCommand.Stop(TimeSpan.Zero)).WithinLimit()).State);

            Assert.DoesNotContain(UntilStopped(), static message => message is AllDeadLetters or UnhandledMessage);
        }
    }

    [Fact]
    public async Task Restarts_of_a_queue_leave_no_dead_letter()
    {
        IActorRef supervisor = Start();
        using Socket client = await ConnectAsync(supervisor);
        string queue = Expect<ZcrxEvent.ConnectionOpened>().Queue;
        for (int i = 0; i < Stops / 4; i++)
        {
            Assert.IsType<ZcrxReply.Restarted>(await supervisor.Ask<ZcrxReply>(new ZcrxCommand.RestartQueue(queue)).WithinLimit());
        }

        client.Shutdown(SocketShutdown.Send);
        await StopAndCheckAsync(supervisor, 0);
    }

    private IActorRef Start() => Sys.ActorOf(ZcrxSupervisor.Props(new ZcrxOptions
    {
        Engine = ZcrxEngine.Emulated,
        Listeners = { new ZcrxListenerOptions { EndPoint = "127.0.0.1:0", Handler = new Received().Handle } },
    }));

    private static async Task<Socket> ConnectAsync(IActorRef supervisor)
    {
        ZcrxStatus status = await supervisor.Ask<ZcrxStatus>(new ZcrxCommand.WhenStarted()).WithinLimit();
        Socket client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(status.Listeners[0].EndPoint!).WithinLimit();
        return client;
    }

    private async Task StopAndCheckAsync(IActorRef supervisor, int stop)
    {
        ZcrxStatus last = await supervisor.Ask<ZcrxStatus>(new ZcrxCommand.Stop(TimeSpan.FromSeconds(5))).WithinLimit();

        Assert.Equal((ZcrxState.Stopped, 0), (last.State, last.Listeners[0].Connections));
        List<object> seen = UntilStopped();
        Assert.True(seen.OfType<ZcrxEvent.ConnectionClosed>().Count() == 1, $"stop {stop}: {string.Join(", ", seen)}");
        Assert.DoesNotContain(seen, static message => message is AllDeadLetters or UnhandledMessage);
    }

    /// <summary>Returns all events up to the end of one supervisor.</summary>
    private List<object> UntilStopped()
    {
        List<object> seen = [];
        object message;
        do
        {
            message = _events.ExpectMsg<object>(Eventually.Limit);
            seen.Add(message);
        }
        while (message is not ZcrxEvent.Stopped);
        return seen;
    }

    private T Expect<T>() => _events.FishForMessage<T>(static _ => true, Eventually.Limit);
}
