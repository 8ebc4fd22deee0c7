using System.Text.RegularExpressions;

namespace Zcrx.Architecture.Tests.Sources;

/// <summary>Counts the lines of code of a source file, and reads the counts of a document.</summary>
internal static partial class LineCounts
{
    /// <summary>Returns the number of lines that are neither blank nor a comment, an import or the namespace.</summary>
    public static int Of(string source) => source.Split('\n').Count(static line => !Other().IsMatch(line));

    /// <summary>Returns the last column of the table rows that begin with a link to a source file, as "file: lines".</summary>
    public static IEnumerable<string> Documented(string document) =>
        Row().Matches(document).Select(static row => $"{row.Groups["file"].Value}: {row.Groups["lines"].Value}");

    [GeneratedRegex(@"^\s*(//.*|using [\w.]+;|namespace [\w.]+;)?\s*$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Other();

    [GeneratedRegex(@"^\| \[`(?<file>[\w.]+\.cs)`\]\(.*\| (?<lines>\d+) \|$", RegexOptions.Multiline, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Row();
}
