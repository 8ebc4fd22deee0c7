using Zcrx.Interop;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Leases;

public sealed class RetainedTests : IDisposable
{
    private readonly InMemoryArea _area = new(8, 64);
    private readonly BufferSource _source;

    public RetainedTests() => _source = new BufferSource(_area);

    public void Dispose() => _area.Dispose();

    [Fact]
    public void The_observer_owns_the_leases()
    {
        List<BufferLease> leases = [];
        bool completed = false;
        using IDisposable subscription = _source.Retained().Subscribe(leases.Add, () => completed = true);

        _source.Send([1, 2]);
        _source.Send([3]);
        _source.Complete();
        _source.Send([4]);

        Assert.True(completed);
        Assert.Equal(2, _area.Ledger.Leased);
        Assert.Equal([1, 2, 3], leases.SelectMany(static lease => lease.Span.ToArray()));
        Assert.Equal([0, 2], leases.Select(static lease => lease.StreamOffset));
        leases.ForEach(static lease => lease.Dispose());
        _area.AssertAllReturned();
    }

    [Fact]
    public void A_lease_whose_observer_throws_is_released()
    {
        BufferLease? seen = null;
        List<Exception> errors = [];
        using IDisposable subscription = _source.Retained().Subscribe(
            lease =>
            {
                seen = lease;
                throw new InvalidOperationException();
            },
            errors.Add);

        _source.Send([1]);

        Assert.True(seen!.IsReleased);
        Assert.Same(Assert.Single(_source.Thrown), Assert.Single(errors));
        _area.AssertAllReturned();
    }

    [Fact]
    public void After_disposal_nothing_is_retained()
    {
        int count = 0;
        IDisposable? subscription = null;
        subscription = _source.Retained().Subscribe(lease =>
        {
            count++;
            lease.Dispose();
            subscription!.Dispose();
        });

        _source.Send([1]);
        _source.Send([2]);
        _source.Fail(new IOException());

        Assert.Equal(1, count);
        Assert.Equal(0, _source.Subscribers);
        _area.AssertAllReturned();
    }
}
