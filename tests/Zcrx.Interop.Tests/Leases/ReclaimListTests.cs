using Zcrx.Interop.Leases;

namespace Zcrx.Interop.Tests.Leases;

/// <summary>Tests the list of consumers that can be made to return their buffers, and when it removes consumers that have ended.</summary>
public sealed class ReclaimListTests
{
    private const int SmallestSweep = 16;

    private readonly ReclaimList _list = new();

    [Fact]
    public void Ended_consumers_are_removed_when_the_list_has_sixteen()
    {
        AddMany(SmallestSweep, hasEnded: true);
        Assert.Equal(SmallestSweep, _list.Count);
        Consumer next = new();
        _list.Add(next);
        Assert.Equal(1, _list.Count);
        Assert.True(_list.Contains(next));

        // The list is swept at sixteen consumers again, although the last sweep has left only one.
        AddMany(SmallestSweep - 1, hasEnded: true);
        Assert.Equal(SmallestSweep, _list.Count);
        AddMany(1, hasEnded: false);
        Assert.Equal(2, _list.Count);
    }

    [Fact]
    public void List_grows_to_twice_its_active_consumers_before_the_next_sweep()
    {
        Consumer[] consumers = AddMany(SmallestSweep, hasEnded: false);
        AddMany(1, hasEnded: false);
        Array.ForEach(consumers, static consumer => consumer.HasEnded = true);
        AddMany((2 * SmallestSweep) - _list.Count, hasEnded: false);
        Assert.Equal(2 * SmallestSweep, _list.Count);
        AddMany(1, hasEnded: false);
        Assert.Equal(SmallestSweep + 1, _list.Count);
    }

    [Fact]
    public void ReclaimAll_asks_each_active_consumer_and_forgets_ended_ones()
    {
        Consumer active = AddMany(1, hasEnded: false)[0];
        Consumer ended = AddMany(1, hasEnded: true)[0];
        _list.ReclaimAll();
        _list.ReclaimAll();
        Assert.Equal((2, 0, 1), (active.Asked, ended.Asked, _list.Count));
        Assert.False(_list.Contains(ended));
    }

    [Fact]
    public void Dismiss_asks_and_forgets_only_the_consumers_of_one_source()
    {
        BufferHolder leaving = new();
        Consumer gone = new() { Holder = leaving };
        Consumer other = new() { Holder = new BufferHolder() };
        Consumer none = new();
        _list.Add(gone);
        _list.Add(other);
        _list.Add(none);

        _list.Dismiss(leaving);

        Assert.Equal((1, 0, 0), (gone.Asked, other.Asked, none.Asked));
        Assert.Equal((false, true, true), (_list.Contains(gone), _list.Contains(other), _list.Contains(none)));
        Assert.Equal((1, 0), (leaving.Dismissals, other.Holder.Dismissals));
        _list.Dismiss(leaving);
        Assert.Equal((1, 2), (gone.Asked, leaving.Dismissals));
    }

    private Consumer[] AddMany(int count, bool hasEnded)
    {
        Consumer[] consumers = [.. Enumerable.Range(0, count).Select(_ => new Consumer { HasEnded = hasEnded })];
        Array.ForEach(consumers, _list.Add);
        return consumers;
    }

    private sealed class Consumer : IReclaimable
    {
        public int Asked { get; private set; }

        public bool HasEnded { get; set; }

        public BufferHolder? Holder { get; init; }

        public void Reclaim() => Asked++;
    }
}
