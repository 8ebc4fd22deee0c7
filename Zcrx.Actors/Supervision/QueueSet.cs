using Akka.Actor;
using Zcrx.Actors.Messages;
using Zcrx.Actors.Queues;
using Zcrx.Rx;

namespace Zcrx.Actors.Supervision;

/// <summary>Holds the queues' supervisors, and informs each of them about the others. Belongs to the <see cref="ZcrxSupervisor"/>.</summary>
internal sealed class QueueSet(IReadOnlyList<Published<QueueSnapshot>> queues)
{
    private readonly List<QueueEntry> _queues = [.. queues.Select(static (queue, index) => new QueueEntry(queue, index))];

    public IReadOnlyList<QueueEntry> All => _queues;

    /// <summary>Gets a value indicating whether every queue is open.</summary>
    public bool AreOpen => _queues.TrueForAll(static queue => queue.Now.State == QueueState.Open);

    /// <summary>Gets a value indicating whether every queue is closed after a stop.</summary>
    public bool AreStopped => _queues.TrueForAll(static queue => queue.Actor is null || queue.Now.State == QueueState.Stopped);

    /// <summary>Gets the errors of the queues that stay closed.</summary>
    public IEnumerable<Exception> Errors => _queues.Select(static queue => queue.Now).Where(static queue => queue.State == QueueState.Failed).Select(static queue => queue.LastError).OfType<Exception>();

    public QueueEntry? Find(IActorRef actor) => _queues.Find(queue => actor.Equals(queue.Actor));

    public QueueEntry? Find(string name) => _queues.Find(queue => queue.Now.Name == name);

    /// <summary>Finds an open queue for a command.</summary>
    /// <param name="name">Its name; null for the one with the fewest connections.</param>
    /// <param name="connection">The connection that the command is about; null for none.</param>
    /// <param name="queue">The queue.</param>
    /// <returns>Why there is none; null if there is one.</returns>
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

    /// <summary>Stops every queue. May be repeated with less time.</summary>
    public void Stop(TimeSpan drain) => _queues.ForEach(queue => queue.Actor?.Tell(new QueueMessage.Stop(drain)));

    /// <summary>Informs the queues about each other, because their suspended connections may depend on it.</summary>
    /// <param name="changed">The queue that has changed, which itself is not informed, or null to inform all.</param>
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

/// <summary>Represents one queue for the supervisor of all.</summary>
internal sealed class QueueEntry(Published<QueueSnapshot> published, int index)
{
    public Published<QueueSnapshot> Published => published;

    public QueueSnapshot Now => published.Value;

    /// <summary>Gets the name of the actor.</summary>
    public string ActorName => $"queue-{index}";

    /// <summary>Gets or sets the queue's supervisor; null after its end.</summary>
    public IActorRef? Actor { get; set; }

    /// <summary>Gets or sets why that actor failed; null while it has not.</summary>
    public Exception? Failure { get; set; }
}
