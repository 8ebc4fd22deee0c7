using System.Runtime.ExceptionServices;

namespace Zcrx.Interop.Tests.Kernel;

/// <summary>Runs something on a thread of its own, which then ends: for what belongs to a thread, or changes it for good.</summary>
internal static class OnThread
{
    public static T Run<T>(Func<T> function)
    {
        T result = default!;
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
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
        thread.Join();
        failure?.Throw();
        return result;
    }
}
