using Zcrx.Rx.Moving;

namespace Zcrx.Rx.Rebalancing;

/// <summary>Keeps two queues' numbers of connections right while one is on its way: it counts for its target from the decision on, and for its source no longer.</summary>
internal sealed class GroupMove : IMoveWatcher, IDisposable
{
    private GroupMember? _source;
    private GroupMember? _target;

    public GroupMove(GroupMember? source, GroupMember target)
    {
        (_source, _target) = (source, target);
        source?.Expect(-1);
        target.Expect(1);
    }

    public void OnLeft() => Interlocked.Exchange(ref _source, null)?.Expect(1);

    public void OnArrived() => Interlocked.Exchange(ref _target, null)?.Expect(-1);

    /// <summary>It is over, however it ended.</summary>
    public void Dispose()
    {
        OnLeft();
        OnArrived();
    }
}
