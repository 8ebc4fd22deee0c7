namespace Zcrx.Conformance.Support;

/// <summary>How much the cases of a NIC do: little in every run, much with <c>--long</c> (docs/nic-testing.md).</summary>
internal static class Scale
{
    public static bool IsLong { get; set; }

    public static int Of(int everyRun, int longRun) => IsLong ? longRun : everyRun;
}
