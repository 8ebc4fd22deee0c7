namespace Zcrx.Actors.Tests.Support;

/// <summary>Waits where no actor system is at hand. Its deadline is long enough for a busy machine: running out means that something is wrong.</summary>
internal static class Eventually
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public static Task TrueAsync(Func<bool> condition, string expectation) => TrueAsync(() => Task.FromResult(condition()), expectation);

    public static async Task TrueAsync(Func<Task<bool>> condition, string expectation)
    {
        using CancellationTokenSource deadline = new(Limit);
        using PeriodicTimer look = new(TimeSpan.FromMilliseconds(5));
        while (!await condition())
        {
            try
            {
                await look.WaitForNextTickAsync(deadline.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"not within {Limit.TotalSeconds} s: {expectation}");
            }
        }
    }

    /// <summary>The task's result, if it comes in time.</summary>
    public static Task<T> WithinLimit<T>(this Task<T> task) => task.WaitAsync(Limit);

    public static Task WithinLimit(this Task task) => task.WaitAsync(Limit);
}
