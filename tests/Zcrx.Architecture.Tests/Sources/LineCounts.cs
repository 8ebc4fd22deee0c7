using System.Text.RegularExpressions;

namespace Zcrx.Architecture.Tests.Sources;

/// <summary>Counts the lines of code in a source file, and reads such counts from a document.</summary>
internal static partial class LineCounts
{
    /// <summary>Returns the number of lines with code. Blank lines, comments, imports and the namespace do not count.</summary>
    public static int Of(string source) => source.Split('\n').Count(static line => !Other().IsMatch(line));

    /// <summary>
    /// Returns the line counts that a document states, as "file: lines". They are in the last column of table rows that start with a link
    /// to a source file.
    /// </summary>
    public static IEnumerable<string> Documented(string document) =>
        Row().Matches(document).Select(static row => $"{row.Groups["file"].Value}: {row.Groups["lines"].Value}");

    [GeneratedRegex(@"^\s*(//.*|using [\w.]+;|namespace [\w.]+;)?\s*$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Other();

    [GeneratedRegex(@"^\| \[`(?<file>[\w.]+\.cs)`\]\(.*\| (?<lines>\d+) \|$", RegexOptions.Multiline, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Row();
}
