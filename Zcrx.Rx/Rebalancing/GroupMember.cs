using Zcrx.Interop;

namespace Zcrx.Rx.Rebalancing;

/// <summary>Represents one queue of a group, with the number of connections that move to it or from it.</summary>
internal sealed class GroupMember(ZcrxQueue queue, INicFacts? facts)
{
    private int _incoming;

    public ZcrxQueue Queue => queue;

    public INicFacts? Facts => facts;

    public RxQueueId? RxQueue => queue.RxQueue;

    public bool IsUnderPressure => queue.Loop.PressureLevel != PoolPressureLevel.Normal;

    /// <summary>Gets the number of connections as it will be after all current moves to and from the queue.</summary>
    public long Connections => queue.Loop.Counters.Connections + Volatile.Read(ref _incoming);

    /// <summary>Adjusts <see cref="Connections"/> for moves that have not ended.</summary>
    /// <param name="more">The number of moves: positive for moves to the queue, negative for moves away from it.</param>
    public void Expect(int more) => Interlocked.Add(ref _incoming, more);
}
