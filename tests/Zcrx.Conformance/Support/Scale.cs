namespace Zcrx.Conformance.Support;

/// <summary>How much the cases of a NIC do: little in every run, much where <c>ZCRX_TEST_LONG=1</c> asks for it (docs/nic-testing.md).</summary>
internal static class Scale
{
    public static bool IsLong { get; } = Environment.GetEnvironmentVariable("ZCRX_TEST_LONG") == "1";

    public static int Of(int everyRun, int longRun) => IsLong ? longRun : everyRun;
}
