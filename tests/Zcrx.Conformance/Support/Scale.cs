namespace Zcrx.Conformance.Support;

/// <summary>
/// Chooses the size of the tests on a NIC. They are small by default, and large with <c>--long</c> (docs/nic-testing.md).
/// </summary>
internal static class Scale
{
    public static bool IsLong { get; private set; }

    /// <summary>Selects the large size, with a deadline that suffices on a slow emulated CPU.</summary>
    public static void BeLong()
    {
        IsLong = true;
        Deadline.Limit = TimeSpan.FromMinutes(15);
    }

    public static int Of(int everyRun, int longRun) => IsLong ? longRun : everyRun;
}
