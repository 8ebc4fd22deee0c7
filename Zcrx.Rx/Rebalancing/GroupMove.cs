using Zcrx.Rx.Moving;

namespace Zcrx.Rx.Rebalancing;

/// <summary>
/// Counts a moving connection for its target instead of its source while it moves. Further decisions therefore see the numbers after the
/// move.
/// </summary>
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

    /// <summary>Ends the adjustment of both numbers, whether or not the connection has moved.</summary>
    public void Dispose()
    {
        OnLeft();
        OnArrived();
    }
}
