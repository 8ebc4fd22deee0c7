using Zcrx.Interop;
using Zcrx.Rx.Moving;

namespace Zcrx.Rx.Rebalancing;

/// <summary>Records the queues that could not receive the next bytes of a connection, at one position of its stream.</summary>
/// <param name="position">The number of bytes received.</param>
internal sealed class StrandedPosition(long position)
{
    // Each queue is tried several times, because steering may change during the attempts. The limit ends the attempts.
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
    /// Returns the queue to try next: a queue with the fewest attempts, preferably the queue on which packets arrive now. Returns null
    /// when each has reached the limit of attempts.
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
