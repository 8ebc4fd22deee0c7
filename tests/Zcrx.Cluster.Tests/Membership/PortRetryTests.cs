using Zcrx.Cluster.Membership;

namespace Zcrx.Cluster.Tests.Membership;

/// <summary>Tests when a cluster port repeats a command that has failed.</summary>
public class PortRetryTests
{
    [Fact]
    public void Interval_doubles_with_each_command_that_is_overdue_up_to_the_longest_and_starts_again_after_a_success()
    {
        PortRetry retry = new();

        TimeSpan[] intervals = [.. Enumerable.Range(0, 100).Select(_ => retry.Next(isOverdue: true))];

        Assert.Equal([1, 2, 4, 8, 16], intervals.Take(5).Select(static interval => interval.TotalSeconds));
        Assert.All(intervals.Skip(10), static interval => Assert.Equal(PortRetry.Longest, interval));
        retry.Reset();
        Assert.Equal(PortRetry.Shortest, retry.Next(isOverdue: true));
    }

    [Fact]
    public void Interval_is_the_shortest_after_a_failure_in_time()
    {
        PortRetry retry = new();
        retry.Next(isOverdue: true);
        retry.Next(isOverdue: true);

        Assert.Equal(PortRetry.Shortest, retry.Next(isOverdue: false));
        Assert.Equal(TimeSpan.FromSeconds(4), retry.Next(isOverdue: true));
    }
}
