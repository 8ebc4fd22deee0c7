using Zcrx.Actors.Queues;
using Zcrx.Rx;

namespace Zcrx.Chaos.Recovery;

/// <summary>Makes the current queue of a snapshot fail, and shows when it has ended.</summary>
internal sealed class QueueDeath
{
    private readonly ZcrxQueue _queue;

    private QueueDeath(ZcrxQueue queue) => _queue = queue;

    public Task Ended => _queue.Completion;

    public static QueueDeath Of(QueueSnapshot queue) => new(queue.Current!);

    public void Kill() => _queue.Crash(new InvalidOperationException("killed to see how long it takes"));
}
