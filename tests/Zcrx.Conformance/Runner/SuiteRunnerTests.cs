namespace Zcrx.Conformance.Runner;

public class SuiteRunnerTests
{
    [Fact]
    public void Lists_the_tests_of_this_assembly()
    {
        using var output = new StringWriter();

        Assert.Equal(0, SuiteRunner.Execute(["--list", "--filter", nameof(SuiteRunnerTests)], output, TextWriter.Null));

        Assert.Contains($"{typeof(SuiteRunnerTests).FullName}.{nameof(Lists_the_tests_of_this_assembly)}", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Excluded_tests_are_not_listed()
    {
        using var output = new StringWriter();

        Assert.Equal(0, SuiteRunner.Execute(["--list", "--filter", nameof(SuiteRunnerTests), "--exclude", "lists_THE"], output, TextWriter.Null));

        Assert.DoesNotContain(nameof(Lists_the_tests_of_this_assembly), output.ToString(), StringComparison.Ordinal);
        Assert.Contains(nameof(Excluded_tests_are_not_listed), output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Tests_that_match_any_of_several_filters_are_listed()
    {
        using var output = new StringWriter();

        Assert.Equal(0, SuiteRunner.Execute(["--list", "--filter", nameof(Lists_the_tests_of_this_assembly), "--filter", nameof(Excluded_tests_are_not_listed)], output, TextWriter.Null));

        Assert.Equal(2, output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Contains(nameof(Lists_the_tests_of_this_assembly), output.ToString(), StringComparison.Ordinal);
        Assert.Contains(nameof(Excluded_tests_are_not_listed), output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_filter_that_matches_nothing_is_not_a_success()
    {
        using var output = new StringWriter();

        Assert.Equal(1, SuiteRunner.Execute(["--filter", "no test is called this way \u2026"], output, TextWriter.Null));

        Assert.EndsWith("0 passed, 0 failed, 0 skipped", output.ToString().TrimEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_argument_is_named()
    {
        using var error = new StringWriter();

        Assert.Equal(2, SuiteRunner.Execute(["--frobnicate"], TextWriter.Null, error));

        Assert.Contains("--frobnicate", error.ToString(), StringComparison.Ordinal);
    }
}
