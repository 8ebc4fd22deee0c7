namespace Ingest.Tests.Support;

/// <summary>Represents the result of one run of the program.</summary>
internal sealed record ProcessResult(int ExitCode, string[] Output, string[] Error)
{
    /// <summary>
    /// Asserts that the program has rejected its command line. This means exit code 2, one line with the reason on standard error, and
    /// nothing on standard output.
    /// </summary>
    public string AssertRefusal()
    {
        Assert.True(ExitCode == 2, $"exit code {ExitCode}\n{this}");
        string line = Assert.Single(Error);
        Assert.StartsWith("ingest: ", line, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", line, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", line, StringComparison.Ordinal);
        Assert.Empty(Output);
        return line;
    }

    public override string ToString() => $"standard output:\n{string.Join('\n', Output)}\nstandard error:\n{string.Join('\n', Error)}";
}
