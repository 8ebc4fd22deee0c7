using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Zcrx.Architecture.Tests.Sources;

/// <summary>Collects the names that appear as code in documents and samples.</summary>
/// <remarks>
/// Only code spans and code blocks of Markdown and identifiers of C# count. Prose does not count, because member names such as
/// <c>Index</c>, <c>Down</c> or <c>Remove</c> are also ordinary words.
/// </remarks>
internal sealed partial class DocumentedNames
{
    private const int Timeout = 10_000;

    private readonly HashSet<string> _names = [];

    /// <summary>Gets the names.</summary>
    public IReadOnlySet<string> Names => _names;

    /// <summary>Reads README.md, the documents except the decision records, and the sources of the examples.</summary>
    /// <param name="root">The directory that contains README.md.</param>
    public static DocumentedNames Read(string root)
    {
        DocumentedNames names = new();
        string decisions = Path.Combine(root, "docs", "adr") + Path.DirectorySeparatorChar;
        string[] documents = [Path.Combine(root, "README.md"), .. Directory.EnumerateFiles(Path.Combine(root, "docs"), "*.md", SearchOption.AllDirectories)];
        foreach (string document in documents.Where(file => !file.StartsWith(decisions, StringComparison.Ordinal)))
        {
            names.AddMarkdown(File.ReadAllText(document));
        }

        foreach (string sample in Repository.Files(Path.Combine(root, "examples"), "*.cs"))
        {
            names.AddSource(File.ReadAllText(sample));
        }

        return names;
    }

    /// <summary>Adds the names in the code spans and code blocks of a document.</summary>
    public void AddMarkdown(string text)
    {
        foreach (Match code in Code().Matches(text))
        {
            _names.UnionWith(Name().Matches(code.Value).Select(static match => match.Value));
        }
    }

    /// <summary>Adds the identifiers of a source file.</summary>
    public void AddSource(string text) => _names.UnionWith(CSharpSyntaxTree.ParseText(text).GetRoot().DescendantTokens()
        .Where(static token => token.IsKind(SyntaxKind.IdentifierToken))
        .Select(static token => token.ValueText));

    // A code span may contain a line break, but it ends with its paragraph.
    [GeneratedRegex("^```.*?^```|`(?:[^`\n]|\n(?!\n))+`", RegexOptions.Multiline | RegexOptions.Singleline, matchTimeoutMilliseconds: Timeout)]
    private static partial Regex Code();

    [GeneratedRegex("[A-Za-z_][A-Za-z0-9_]*", RegexOptions.None, matchTimeoutMilliseconds: Timeout)]
    private static partial Regex Name();
}
