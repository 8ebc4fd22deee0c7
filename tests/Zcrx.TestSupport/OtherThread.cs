using System.Runtime.ExceptionServices;

namespace Zcrx.TestSupport;

/// <summary>Runs code on a thread of its own, which then ends: for what belongs to a thread, or changes it permanently.</summary>
internal static class OtherThread
{
    /// <summary>Runs an action, and throws here what it throws there.</summary>
    public static void Run(Action action) => Run(() =>
    {
        action();
        return true;
    });

    /// <summary>Runs a function, and returns or throws here what it returns or throws there.</summary>
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
