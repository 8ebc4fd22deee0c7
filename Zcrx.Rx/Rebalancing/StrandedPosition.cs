using Zcrx.Interop;
using Zcrx.Rx.Moving;

namespace Zcrx.Rx.Rebalancing;

/// <summary>Counts, for one position of a connection's stream, how often each queue failed to receive the next bytes.</summary>
/// <param name="position">The position: the number of bytes received before it.</param>
internal sealed class StrandedPosition(long position)
{
    // Each queue is tried several times, because the packets may be steered to another queue during the attempts.
    private const int MaxAttempts = 4;

    private readonly Lock _gate = new();
    private readonly Dictionary<ConnectionHost, int> _attempts = [];

    public long Position => position;

    public void Failed(ConnectionHost queue)
    {
        lock (_gate)
        {
            _attempts[queue] = _attempts.GetValueOrDefault(queue) + 1;
        }
    }

    /// <summary>
    /// Returns the queue to try next; null if each has reached the limit of attempts. Chooses a queue with the fewest attempts, preferably
    /// the one on which packets arrive now.
    /// </summary>
    public GroupMember? Next(IEnumerable<GroupMember> members, RxQueueId? arrival)
    {
        lock (_gate)
        {
            GroupMember? next = members.MinBy(member => (_attempts.GetValueOrDefault(member.Queue.Loop.Host), member.RxQueue != arrival));
            return next is null || _attempts.GetValueOrDefault(next.Queue.Loop.Host) >= MaxAttempts ? null : next;
        }
    }
}
