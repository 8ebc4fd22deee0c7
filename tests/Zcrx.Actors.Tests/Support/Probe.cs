using Akka.Actor;

namespace Zcrx.Actors.Tests.Support;

/// <summary>Watches an actor system from outside: an inbox that is subscribed to events, asks questions, and sees actors end.</summary>
internal sealed class Probe : IDisposable
{
    private readonly Inbox _inbox;

    public Probe(ActorSystem system, params Type[] events)
    {
        _inbox = Inbox.Create(system);
        foreach (Type type in events)
        {
            system.EventStream.Subscribe(_inbox.Receiver, type);
        }
    }

    public IActorRef Ref => _inbox.Receiver;

    /// <summary>The next message of this kind; others before it are passed over.</summary>
    public T Expect<T>(Predicate<T>? which = null)
    {
        while (true)
        {
            object message = _inbox.Receive(Eventually.Limit);
            switch (message)
            {
                case T expected when which?.Invoke(expected) ?? true:
                    return expected;
                case Status.Failure failure:
                    throw new InvalidOperationException($"Expected {typeof(T).Name}: {failure.Cause?.Message}", failure.Cause);
                default:
                    break;
            }
        }
    }

    public T Ask<T>(ICanTell target, object question)
    {
        target.Tell(question, Ref);
        return Expect<T>();
    }

    public void ExpectEnd(IActorRef actor)
    {
        _inbox.Watch(actor);
        Expect<Terminated>(terminated => terminated.ActorRef.Equals(actor));
    }

    public void Dispose() => _inbox.Dispose();
}
