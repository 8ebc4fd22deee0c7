using Akka.Actor;
using Zcrx.Actors.Messages;
using Zcrx.Actors.Queues;
using Zcrx.Rx;

namespace Zcrx.Actors.Supervision;

/// <summary>
/// Holds the supervisors of the queues. Tells each of them about the state of the other queues. Owned by the <see cref="ZcrxSupervisor"/>.
/// </summary>
internal sealed class QueueSet(IReadOnlyList<Published<QueueSnapshot>> queues)
{
    private readonly List<QueueEntry> _queues = [.. queues.Select(static (queue, index) => new QueueEntry(queue, index))];

    public IReadOnlyList<QueueEntry> All => _queues;

    /// <summary>Gets a value indicating whether every queue is open.</summary>
    public bool AreOpen => _queues.TrueForAll(static queue => queue.Now.State == QueueState.Open);

    /// <summary>Gets a value indicating whether every queue is closed, as it must be at the end of a stop.</summary>
    public bool AreStopped => _queues.TrueForAll(static queue => queue.Actor is null || queue.Now.State == QueueState.Stopped);

    /// <summary>Gets the errors of the queues that stay closed.</summary>
    public IEnumerable<Exception> Errors => _queues.Select(static queue => queue.Now).Where(static queue => queue.State == QueueState.Failed).Select(static queue => queue.LastError).OfType<Exception>();

    public QueueEntry? Find(IActorRef actor) => _queues.Find(queue => actor.Equals(queue.Actor));

    public QueueEntry? Find(string name) => _queues.Find(queue => queue.Now.Name == name);

    /// <summary>Finds an open queue for a command.</summary>
    /// <param name="name">The name of the queue; null for the open queue with the fewest connections.</param>
    /// <param name="connection">The id of the connection that the command names, for the reply; null if it names none.</param>
    /// <param name="queue">The queue; null if no such queue is open.</param>
    /// <returns>The failure; null if a queue was found.</returns>
    public ZcrxReply.Failed? FindReady(string? name, long? connection, out ZcrxQueue? queue)
    {
        QueueSnapshot? found = name is null
            ? _queues.Select(static queue => queue.Now).Where(static queue => queue.Ready is not null).MinBy(static queue => queue.Ready!.Snapshot().Connections)
            : Find(name)?.Now;
        queue = found?.Ready;
        return (found, queue) switch
        {
            (_, not null) => null,
            (null, _) when name is not null => NoSuchQueue(name, connection),
            _ => new ZcrxReply.Failed(ZcrxFailure.QueueNotOpen, connection, name is null ? "No queue is open." : $"The queue {name} is not open: it is {found!.State}.", found?.LastError),
        };
    }

    public ZcrxReply.Failed NoSuchQueue(string name, long? connection) =>
        new(ZcrxFailure.NoSuchQueue, connection, $"There is no queue '{name}'; there are {string.Join(", ", _queues.Select(static queue => queue.Now.Name))}.");

    /// <summary>Stops every queue. A later call can shorten the drain time.</summary>
    public void Stop(TimeSpan drain) => _queues.ForEach(queue => queue.Actor?.Tell(new QueueMessage.Stop(drain)));

    /// <summary>Informs each queue about the states of the others, because its suspended connections may resume on them.</summary>
    /// <param name="changed">The queue whose state has changed, which is not informed; null to inform all queues.</param>
    public void Announce(QueueEntry? changed)
    {
        foreach (QueueEntry queue in _queues)
        {
            if (queue != changed)
            {
                QueueSnapshot[] others = [.. _queues.Where(other => other != queue).Select(static other => other.Now)];
                queue.Actor?.Tell(new QueueMessage.Peers(
                    [.. others.Select(static other => other.Ready).OfType<ZcrxQueue>()],
                    others.Any(static other => other.State is QueueState.Opening or QueueState.Restarting or QueueState.Stopping)));
            }
        }
    }
}

/// <summary>Holds the actor and the published state of one queue. Owned by the <see cref="ZcrxSupervisor"/>.</summary>
internal sealed class QueueEntry(Published<QueueSnapshot> published, int index)
{
    public Published<QueueSnapshot> Published => published;

    public QueueSnapshot Now => published.Value;

    /// <summary>Gets the name of the queue's actor.</summary>
    public string ActorName => $"queue-{index}";

    /// <summary>Gets or sets the queue's supervisor; null after its end.</summary>
    public IActorRef? Actor { get; set; }

    /// <summary>Gets or sets the exception with which <see cref="Actor"/> failed; null if it has not failed.</summary>
    public Exception? Failure { get; set; }
}
