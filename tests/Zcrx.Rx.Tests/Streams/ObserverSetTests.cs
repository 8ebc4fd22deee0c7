using Zcrx.Rx.Streams;

namespace Zcrx.Rx.Tests.Streams;

public class ObserverSetTests
{
    [Fact]
    public void Single_is_the_observer_only_while_there_is_exactly_one()
    {
        ObserverSet<object> observers = new();
        object first = new();
        object second = new();
        Assert.Null(observers.Single);
        Assert.True(observers.TryAdd(first));
        Assert.Same(first, observers.Single);
        Assert.True(observers.TryAdd(second));
        Assert.Null(observers.Single);
        Assert.True(observers.Remove(first));
        Assert.Same(second, observers.Single);
        Assert.Equal([second], observers.End(null)!);
        Assert.Null(observers.Single);
        Assert.False(observers.TryAdd(first));
        Assert.Null(observers.Single);
    }
}
