using Xunit.Sdk;

namespace Zcrx.Rx.Tests.Support;

/// <summary>
/// Counts failed assertions. After a failed assertion, disposals skip their checks, because further failures would hide the first one.
/// </summary>
internal static class FailedAssertions
{
    private static int _count;

    static FailedAssertions() => AppDomain.CurrentDomain.FirstChanceException += static (_, thrown) =>
    {
        if (thrown.Exception is XunitException)
        {
            Interlocked.Increment(ref _count);
        }
    };

    public static int Count => Volatile.Read(ref _count);
}
