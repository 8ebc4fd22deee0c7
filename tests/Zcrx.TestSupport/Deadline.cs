using System.Diagnostics;

namespace Zcrx.TestSupport;

/// <summary>
/// Waits for conditions and tasks with a time limit. The limit is so long that a test reaches it only because of a defect.
/// </summary>
internal static class Deadline
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(1);

    /// <summary>
    /// Gets or sets the time limit of every wait. A program that runs on an emulated CPU sets a longer limit before its first test.
    /// </summary>
    public static TimeSpan Limit { get; set; } = TimeSpan.FromSeconds(90);

    /// <summary>Blocks the thread until a condition holds. Fails the test at the time limit.</summary>
    public static void Until(Func<bool> condition, string expectation)
    {
        if (!SpinWait.SpinUntil(condition, Limit))
        {
            Fail(expectation);
        }
    }

    /// <summary>Waits until a condition holds. Fails the test at the time limit.</summary>
    public static Task UntilAsync(Func<bool> condition, string expectation) => UntilAsync(condition, () => expectation);

    /// <inheritdoc cref="UntilAsync(Func{bool}, string)"/>
    public static Task UntilAsync(Func<bool> condition, Func<string> expectation) => UntilAsync(() => Task.FromResult(condition()), expectation);

    /// <summary>Waits until an asynchronous condition holds. Fails the test at the time limit.</summary>
    public static async Task UntilAsync(Func<Task<bool>> condition, Func<string> expectation)
    {
        long start = Stopwatch.GetTimestamp();
        using PeriodicTimer timer = new(Interval);
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(start) > Limit)
            {
                Fail(expectation());
            }

            await timer.WaitForNextTickAsync();
        }
    }

    /// <summary>Waits for a task. Fails the test at the time limit.</summary>
    public static async Task Within(this Task task, string expectation = "the task ends")
    {
        try
        {
            await task.WaitAsync(Limit);
        }
        catch (TimeoutException) when (!task.IsCompleted)
        {
            Fail(expectation);
        }
    }

    /// <inheritdoc cref="Within(Task, string)"/>
    public static async Task<T> Within<T>(this Task<T> task, string expectation = "the task ends")
    {
        await ((Task)task).Within(expectation);
        return await task;
    }

    /// <summary>
    /// Starts the time limit for a loop that does other work while it waits. The loop calls <see cref="Watch.Check"/> in each turn.
    /// </summary>
    public static Watch Start(string expectation) => new(Stopwatch.GetTimestamp(), expectation);

    private static void Fail(string expectation) => Assert.Fail($"not within {Limit.TotalSeconds} s: {expectation}");

    /// <summary>Represents a running time limit, which <see cref="Start"/> has started.</summary>
    internal readonly record struct Watch(long Started, string Expectation)
    {
        /// <summary>Fails the test if the time limit has passed.</summary>
        public void Check(Func<string>? state = null)
        {
            if (Stopwatch.GetElapsedTime(Started) > Limit)
            {
                Fail($"{Expectation}{(state is null ? "" : "; " + state())}");
            }
        }
    }
}
