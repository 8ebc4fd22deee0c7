namespace Zcrx.Actors.Tests.Support;

/// <summary>
/// Waits for conditions without an actor system. Its deadline is long enough for a busy machine, so a timeout is a failure.
/// </summary>
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

    /// <summary>Returns the result of a task, or fails at the deadline.</summary>
    public static Task<T> WithinLimit<T>(this Task<T> task) => task.WaitAsync(Limit);

    public static Task WithinLimit(this Task task) => task.WaitAsync(Limit);
}
