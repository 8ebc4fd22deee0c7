using Akka.Actor;
using Zcrx.Actors;

namespace Zcrx.Chaos.Soak;

/// <summary>Passes the events that the actor system publishes to a callback.</summary>
internal sealed class EventCounter : IDisposable
{
    private readonly ActorSystem _system;
    private readonly IActorRef _listener;

    public EventCounter(ActorSystem system, Action<ZcrxEvent> heard)
    {
        _system = system;
        _listener = system.ActorOf(Props.Create(() => new Listener(heard)));
        system.EventStream.Subscribe(_listener, typeof(ZcrxEvent));
    }

    public void Dispose() => _system.Stop(_listener);

    private sealed class Listener : ReceiveActor
    {
        public Listener(Action<ZcrxEvent> heard) => Receive(heard);
    }
}
