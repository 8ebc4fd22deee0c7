using Xunit.Sdk;

namespace Zcrx.Rx.Tests.Support;

/// <summary>Counts assertions that failed, so that a disposal after one does not check as well and hide it.</summary>
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
