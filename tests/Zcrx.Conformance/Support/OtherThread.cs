using System.Runtime.ExceptionServices;

namespace Zcrx.Conformance.Support;

/// <summary>Runs something on a thread of its own and brings back what it threw.</summary>
internal static class OtherThread
{
    public static void Run(Action action)
    {
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                action();
            }
            catch (Exception exception)
            {
                failure = ExceptionDispatchInfo.Capture(exception);
            }
        });
        thread.Start();
        Assert.True(thread.Join(Deadline.Limit), "the other thread ends");
        failure?.Throw();
    }
}
