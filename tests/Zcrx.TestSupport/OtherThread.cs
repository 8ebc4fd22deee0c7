using System.Runtime.ExceptionServices;

namespace Zcrx.TestSupport;

/// <summary>
/// Runs code on a new thread, which ends after the code. Use it for code that changes its thread permanently or needs a separate thread.
/// </summary>
internal static class OtherThread
{
    /// <summary>Runs an action, and rethrows its exception on the calling thread.</summary>
    public static void Run(Action action) => Run(() =>
    {
        action();
        return true;
    });

    /// <summary>Runs a function, and returns its result or rethrows its exception on the calling thread.</summary>
    public static T Run<T>(Func<T> function)
    {
        T result = default!;
        ExceptionDispatchInfo? failure = null;
        Thread thread = new(() =>
        {
            try
            {
                result = function();
            }
            catch (Exception exception)
            {
                failure = ExceptionDispatchInfo.Capture(exception);
            }
        });
        thread.Start();
        Assert.True(thread.Join(Deadline.Limit), $"not within {Deadline.Limit.TotalSeconds} s: the other thread ends");
        failure?.Throw();
        return result;
    }
}
