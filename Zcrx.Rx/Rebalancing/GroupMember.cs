using Zcrx.Interop;

namespace Zcrx.Rx.Rebalancing;

/// <summary>One queue of a group, with the connections that are on their way to it or from it.</summary>
internal sealed class GroupMember(ZcrxQueue queue, INicFacts? facts)
{
    private int _incoming;

    public ZcrxQueue Queue => queue;

    public INicFacts? Facts => facts;

    public RxQueueId? RxQueue => queue.RxQueue;

    public bool IsUnderPressure => queue.Loop.PressureLevel != PoolPressureLevel.Normal;

    /// <summary>Connections, with those that will be here in a moment and without those that are leaving.</summary>
    public long Connections => queue.Loop.Counters.Connections + Volatile.Read(ref _incoming);

    /// <summary>So many more are on their way to it, or fewer.</summary>
    public void Expect(int more) => Interlocked.Add(ref _incoming, more);
}
