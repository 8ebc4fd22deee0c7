using System.Text.RegularExpressions;

namespace Zcrx.Architecture.Tests.Sources;

/// <summary>
/// Reads the test names in the last column of Markdown tables with the heading <c>test</c>. Finds those that do not exist.
/// </summary>
internal sealed partial class DocumentedTests
{
    private const int Timeout = 10_000;

    private readonly HashSet<string> _methods;
    private readonly Func<string, bool> _isProject;

    /// <param name="sources">The texts of the source files of all tests.</param>
    /// <param name="isProject">Returns true if there is a test project with this name.</param>
    public DocumentedTests(IEnumerable<string> sources, Func<string, bool> isProject)
    {
        _methods = [.. sources.SelectMany(static text => Method().Matches(text)).Select(static match => match.Groups["name"].Value)];
        _isProject = isProject;
    }

    /// <summary>Returns the rows of the tables, and the names in the last column of each.</summary>
    public static IReadOnlyList<(string Row, string[] Names)> Rows(string markdown)
    {
        List<(string, string[])> rows = [];
        bool isInTable = false;
        foreach (string line in markdown.Split('\n').Select(static line => line.Trim()))
        {
            string[] cells = line.StartsWith('|') ? line.Trim('|').Split('|') : [];
            bool isHeading = cells.Length > 0 && cells[^1].Trim() == "test";
            if (isInTable && cells.Length > 0 && !line.StartsWith("|-", StringComparison.Ordinal))
            {
                rows.Add((cells[0].Trim(), [.. CodeSpan().Matches(cells[^1]).Select(static match => match.Groups["name"].Value)]));
            }

            isInTable = cells.Length > 0 && (isInTable || isHeading);
        }

        return rows;
    }

    /// <summary>Returns the names that are neither a test nor a test project, and the rows that have no name.</summary>
    public IReadOnlyList<string> Missing(string markdown) =>
    [
        .. Rows(markdown).SelectMany(row => row.Names.Length == 0 ? [row.Row] : row.Names.Where(name => !_methods.Contains(name) && !_isProject(name))),
    ];

    [GeneratedRegex(@"^ +public (static )?(async )?(Task|void) (?<name>\w+)\(", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: Timeout)]
    private static partial Regex Method();

    [GeneratedRegex("`(?<name>[^`]+)`", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: Timeout)]
    private static partial Regex CodeSpan();
}
