using System.Text.RegularExpressions;

namespace Ingest.Tests.Support;

/// <summary>Represents the summary that <c>serve</c> prints as its last line.</summary>
internal sealed partial record ServeSummary(int Connections, int Complete, int Broken, long Bytes, int Leases)
{
    public static ServeSummary Parse(string line)
    {
        Match match = Pattern().Match(line);
        Assert.True(match.Success, $"the last line is no summary: {line}");
        return new ServeSummary(Number("connections"), Number("complete"), Number("broken"), long.Parse(match.Groups["bytes"].Value), Number("leases"));

        int Number(string group) => int.Parse(match.Groups[group].Value);
    }

    [GeneratedRegex(@"^(?<connections>\d+) connections?: (?<complete>\d+) complete, (?<broken>\d+) broken; .* \((?<bytes>\d+) bytes\) received, (?<leases>\d+) leases? out$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Pattern();
}
