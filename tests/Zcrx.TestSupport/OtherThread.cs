using System.Runtime.ExceptionServices;

namespace Zcrx.TestSupport;

/// <summary>
/// Runs code on a new thread that ends afterwards. This is for code that changes its thread permanently, or that needs a thread of its own.
/// </summary>
internal static class OtherThread
{
    /// <summary>Runs an action on the new thread. Rethrows its exception on the calling thread.</summary>
    public static void Run(Action action) => Run(() =>
    {
        action();
        return true;
    });

    /// <summary>Runs a function on the new thread and returns its result. Rethrows its exception on the calling thread.</summary>
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
