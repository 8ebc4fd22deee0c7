using System.Runtime.Versioning;

namespace ClusterIngest.Tests;

/// <summary>Tests the verdict that the demo prints at its end.</summary>
[SupportedOSPlatform("linux")]
public class VerdictTests
{
    [Fact]
    public void Confirmed_frames_that_are_in_no_journal_are_lost_and_other_frames_are_not()
    {
        Verdict verdict = Verdict.Of(0, [10, 5], [3, null], [new(0, 0, 0), new(0, 2, 2), new(1, 0, 0), new(1, 0, 0)]);

        Assert.Equal("FAILED: sent 15, at entities 4, lost 1, duplicates 1", verdict.ToString());
    }

    [Theory]
    [InlineData(0, "OK: sent 2, at entities 2, lost 0, duplicates 0")]
    [InlineData(1, "FAILED: sent 2, at entities 2, lost 0, duplicates 0")]
    public void Run_is_good_only_without_other_problems(int failures, string expected)
    {
        Assert.Equal(expected, Verdict.Of(failures, [2], [2], [new(0, 0, 0), new(0, 1, 1)]).ToString());
    }
}
