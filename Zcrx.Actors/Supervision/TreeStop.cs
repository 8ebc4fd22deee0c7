using Akka.Actor;
using Zcrx.Actors.Listening;

namespace Zcrx.Actors.Supervision;

/// <summary>
/// Decides the next step of a stop, and answers the actors that wait for the end of the stop. Owned by the <see cref="ZcrxSupervisor"/>.
/// </summary>
/// <remarks>
/// First, queues and listeners close. Second, the last connection closes. Connections are awaited after the queues, because a queue may
/// still deliver accepted connections while it closes. Third, the rebalancer undoes its steering. If the steering were undone earlier,
/// packets of open connections would arrive on another queue, and be copied or lost.
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

    /// <summary>
    /// Returns true on the first call after queues and listeners have closed. The caller then begins to wait for the connections.
    /// </summary>
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

    /// <summary>Answers all actors that wait for the end of the stop.</summary>
    public void AnswerAll(ZcrxStatus last)
    {
        _waiting.ForEach(actor => actor.Tell(last));
        _waiting.Clear();
    }
}
