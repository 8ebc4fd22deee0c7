using System.Text;
using System.Text.RegularExpressions;

namespace Zcrx.Architecture.Tests.Sources;

/// <summary>Finds relative links in documents whose target does not exist.</summary>
internal static partial class DocumentLinks
{
    private const int Timeout = 10_000;

    /// <summary>Returns the relative links of a document whose file or heading does not exist.</summary>
    /// <param name="document">The path of the document.</param>
    /// <param name="text">The text of the document.</param>
    public static IEnumerable<string> Broken(string document, string text) => Link().Matches(Code().Replace(text, ""))
        .Select(static match => match.Groups["target"].Value)
        .Where(static target => !target.Contains("://", StringComparison.Ordinal) && !target.StartsWith("mailto:", StringComparison.Ordinal))
        .Where(target => !Exists(document, text, target));

    /// <summary>Returns the anchors that GitHub and most renderers create for the headings of a document.</summary>
    public static IEnumerable<string> Anchors(string text) => Heading().Matches(Code().Replace(text, "")).Select(static match => AnchorOf(match.Groups["title"].Value));

    private static bool Exists(string document, string text, string target)
    {
        string[] parts = target.Split('#', 2);
        string file = parts[0].Length == 0 ? document : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(document)!, parts[0]));
        return Path.Exists(file)
            && (parts.Length == 1 || Anchors(parts[0].Length == 0 ? text : File.ReadAllText(file)).Contains(parts[1], StringComparer.Ordinal));
    }

    private static string AnchorOf(string title)
    {
        StringBuilder anchor = new();
        foreach (char character in title.Trim())
        {
            if (char.IsLetterOrDigit(character) || character is '-' or '_')
            {
                anchor.Append(char.ToLowerInvariant(character));
            }
            else if (character == ' ')
            {
                anchor.Append('-');
            }
        }

        return anchor.ToString();
    }

    [GeneratedRegex(@"\]\((?<target>[^()\s]+)\)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: Timeout)]
    private static partial Regex Link();

    [GeneratedRegex("^#+ +(?<title>.+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: Timeout)]
    private static partial Regex Heading();

    // Code spans are not matched, because a heading may contain one.
    [GeneratedRegex("^```.*?^```", RegexOptions.Multiline | RegexOptions.Singleline, matchTimeoutMilliseconds: Timeout)]
    private static partial Regex Code();
}
