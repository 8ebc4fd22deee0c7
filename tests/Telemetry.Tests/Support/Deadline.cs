namespace Telemetry.Tests.Support;

/// <summary>Waiting for conditions, not for time: long enough for a busy machine, so running out always means that something is wrong.</summary>
internal static class Deadline
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    public static Task UntilAsync(Func<bool> condition, Func<string> expectation) => UntilAsync(() => Task.FromResult(condition()), expectation);

    public static async Task UntilAsync(Func<Task<bool>> condition, Func<string> expectation)
    {
        using CancellationTokenSource deadline = new(Limit);
        using PeriodicTimer look = new(TimeSpan.FromMilliseconds(20));
        while (!await condition())
        {
            try
            {
                await look.WaitForNextTickAsync(deadline.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"not within {Limit.TotalSeconds} s: {expectation()}");
            }
        }
    }
}
