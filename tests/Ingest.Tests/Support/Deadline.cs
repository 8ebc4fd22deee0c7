using System.Diagnostics;

namespace Ingest.Tests.Support;

/// <summary>Waiting for conditions, not for time: long enough for a busy machine, so running out always means that something is wrong.</summary>
internal static class Deadline
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);

    public static Task<T> Within<T>(Task<T> task) => task.WaitAsync(Limit);

    public static Task Within(Task task) => task.WaitAsync(Limit);

    /// <summary>Looks again and again until the condition holds.</summary>
    public static async Task Until(Func<bool> condition, Func<string> expectation)
    {
        using PeriodicTimer timer = new(Interval);
        Stopwatch clock = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(clock.Elapsed < Limit, $"not within {Limit.TotalSeconds} s: {expectation()}");
            await timer.WaitForNextTickAsync();
        }
    }
}
