using System.Diagnostics;

namespace Zcrx.Rx.Tests.Support;

/// <summary>Waiting for conditions, not for time. The limit is generous: running out of it always means that something is wrong.</summary>
internal static class Deadline
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public static async Task UntilAsync(Func<bool> condition, string expectation)
    {
        long start = Stopwatch.GetTimestamp();
        using PeriodicTimer look = new(TimeSpan.FromMilliseconds(1));
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(start) > Limit)
            {
                Fail(expectation);
            }

            await look.WaitForNextTickAsync();
        }
    }

    public static async Task Within(this Task task, string expectation)
    {
        try
        {
            await task.WaitAsync(Limit);
        }
        catch (TimeoutException)
        {
            Fail(expectation);
        }
    }

    public static async Task<T> Within<T>(this Task<T> task, string expectation)
    {
        await ((Task)task).Within(expectation);
        return await task;
    }

    private static void Fail(string expectation) => Assert.Fail($"not within {Limit.TotalSeconds} s: {expectation}");
}
