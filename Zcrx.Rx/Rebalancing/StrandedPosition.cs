using Zcrx.Interop;
using Zcrx.Rx.Moving;

namespace Zcrx.Rx.Rebalancing;

/// <summary>Which queues could not receive what comes next on a connection, at one position of its stream.</summary>
/// <param name="position">Bytes received.</param>
internal sealed class StrandedPosition(long position)
{
    // A queue is tried again, since steering may change while they are tried one after another; but not for ever.
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

    /// <summary>The queue to try next: one that has been tried least; among those the one on which packets arrive now. Null when all have been tried often enough.</summary>
    public GroupMember? Next(IEnumerable<GroupMember> members, RxQueueId? arrival)
    {
        lock (_gate)
        {
            GroupMember? next = members.MinBy(member => (_attempts.GetValueOrDefault(member.Queue.Loop.Host), member.RxQueue != arrival));
            return next is null || _attempts.GetValueOrDefault(next.Queue.Loop.Host) >= MaxAttempts ? null : next;
        }
    }
}
