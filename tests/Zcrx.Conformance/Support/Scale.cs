namespace Zcrx.Conformance.Support;

/// <summary>Scales the tests on a NIC: small in every run, large with <c>--long</c> (docs/nic-testing.md).</summary>
internal static class Scale
{
    public static bool IsLong { get; private set; }

    /// <summary>Selects the long run. It may run on an emulated CPU under load.</summary>
    public static void BeLong()
    {
        IsLong = true;
        Deadline.Limit = TimeSpan.FromMinutes(15);
    }

    public static int Of(int everyRun, int longRun) => IsLong ? longRun : everyRun;
}
