using Akka.Actor;
using Zcrx.Actors.Listening;

namespace Zcrx.Actors.Supervision;

/// <summary>Decides the next step of a stop, and answers the actors that wait for it. Owned by the <see cref="ZcrxSupervisor"/>.</summary>
/// <remarks>
/// The steps: queues and listeners close, the last connection closes, the rebalancer undoes what was steered. Connections come second, since a queue that
/// closes may still deliver connections that it had accepted. Steering comes last: packets that arrived on another queue before would be copied or lost.
/// </remarks>
internal sealed class TreeStop(QueueSet queues, ListenerSet listeners)
{
    private readonly List<IActorRef> _waiting = [];
    private bool _awaitsConnections;

    /// <summary>Gets a value indicating whether the last connection is closed.</summary>
    public bool AreConnectionsClosed { get; private set; }

    /// <summary>Adds an actor that is answered when everything is closed.</summary>
    public void Await(IActorRef asker)
    {
        if (!asker.IsNobody())
        {
            _waiting.Add(asker);
        }
    }

    /// <summary>Returns true once, when queues and listeners are closed, so that the connections are awaited.</summary>
    public bool BeginsWithConnections()
    {
        if (_awaitsConnections || !queues.AreStopped || !listeners.HasEnded)
        {
            return false;
        }

        _awaitsConnections = true;
        return true;
    }

    /// <summary>Records that the last connection is closed.</summary>
    public void OnConnectionsClosed() => AreConnectionsClosed = true;

    /// <summary>Answers those that wait.</summary>
    public void AnswerAll(ZcrxStatus last)
    {
        _waiting.ForEach(actor => actor.Tell(last));
        _waiting.Clear();
    }
}
