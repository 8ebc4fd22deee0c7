using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Zcrx.Architecture.Tests.Sources;

/// <summary>Collects the names that documents and samples use as code.</summary>
/// <remarks>
/// These are the names in code spans and code blocks of Markdown, and the identifiers of C# sources. Other text does not count, because
/// <c>Index</c> or <c>Remove</c> are also ordinary words.
/// </remarks>
internal sealed partial class DocumentedNames
{
    private const int Timeout = 10_000;

    private readonly HashSet<string> _names = [];

    /// <summary>Gets the names that were collected.</summary>
    public IReadOnlySet<string> Names => _names;

    /// <summary>Reads README.md, all documents except the decision records, and the sources of the examples.</summary>
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

    /// <summary>Adds all identifiers of a C# source file.</summary>
    public void AddSource(string text) => _names.UnionWith(CSharpSyntaxTree.ParseText(text).GetRoot().DescendantTokens()
        .Where(static token => token.IsKind(SyntaxKind.IdentifierToken))
        .Select(static token => token.ValueText));

    // A code span may contain a line break but no empty line.
    [GeneratedRegex("^```.*?^```|`(?:[^`\n]|\n(?!\n))+`", RegexOptions.Multiline | RegexOptions.Singleline, matchTimeoutMilliseconds: Timeout)]
    private static partial Regex Code();

    [GeneratedRegex("[A-Za-z_][A-Za-z0-9_]*", RegexOptions.None, matchTimeoutMilliseconds: Timeout)]
    private static partial Regex Name();
}
