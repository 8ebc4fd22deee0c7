using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;

namespace Zcrx.Architecture.Tests.Sources;

/// <summary>Finds names in a Markdown document that the sources do not have.</summary>
internal sealed partial class DocumentNames
{
    private const int Timeout = 10_000;

    private readonly ILookup<string, INamedTypeSymbol> _types;
    private readonly HashSet<string> _files;
    private readonly HashSet<string> _rooms;
    private readonly Compilation _platform;

    /// <param name="libraries">The libraries whose names the document may use.</param>
    public DocumentNames(params IReadOnlyList<Library> libraries)
    {
        _types = libraries.SelectMany(static library => TypesOf(library.Compilation.Assembly.GlobalNamespace)).ToLookup(static type => type.Name);
        string[] paths = [.. libraries.SelectMany(static library => library.Compilation.SyntaxTrees).Select(static tree => tree.FilePath).Where(static path => path.Length > 0)];
        _files = [.. paths.Select(static path => Path.GetFileName(path))];
        // A document may also name a library, a folder of a library, or the common prefix of the libraries.
        _rooms = [.. paths.SelectMany(static path => Path.GetDirectoryName(path)!.Split('/')), "Zcrx"];
        _platform = libraries[^1].Compilation;
    }

    /// <summary>Returns the names in code spans and in Mermaid diagrams that do not exist.</summary>
    /// <param name="markdown">The text of the document.</param>
    /// <param name="exists">Returns true if there is a file or a directory with this path.</param>
    public IReadOnlyList<string> Missing(string markdown, Func<string, bool> exists)
    {
        IEnumerable<string> inText = CodeSpan().Matches(Fence().Replace(markdown, "")).Select(static match => match.Groups["name"].Value);
        string[] diagrams = [.. Fence().Matches(markdown).Select(static match => match.Value)];
        IEnumerable<string> members = diagrams.SelectMany(static diagram => QualifiedName().Matches(diagram)).Select(static match => match.Value);
        IEnumerable<string> participants = diagrams.SelectMany(static diagram => Participant().Matches(diagram)).Select(static match => match.Groups["name"].Value);
        return [.. inText.Concat(members).Concat(participants).Distinct().Where(name => !IsKnown(name, exists)).Order(StringComparer.Ordinal)];
    }

    private static IEnumerable<INamedTypeSymbol> TypesOf(INamespaceOrTypeSymbol container) => container.GetMembers().OfType<INamespaceOrTypeSymbol>()
        .SelectMany(static member => member is INamedTypeSymbol type ? TypesOf(type).Prepend(type) : TypesOf(member));

    private bool IsKnown(string name, Func<string, bool> exists)
    {
        if (name.Contains('/', StringComparison.Ordinal))
        {
            return exists(name);
        }

        string plain = TypeArguments().Replace(name, "");
        return _rooms.Contains(plain) || _files.Contains(plain) || _types.Contains(plain) || IsMember(plain);
    }

    private bool IsMember(string name)
    {
        int dot = name.LastIndexOf('.');
        return dot > 0 && FindTypes(name[..dot]).Any(type => MembersOf(type).Any(member => LastPart(member.Name) == name[(dot + 1)..]));
    }

    private IEnumerable<INamedTypeSymbol> FindTypes(string name) => _types.Contains(LastPart(name))
        ? _types[LastPart(name)]
        : new[] { $"System.{name}", $"System.{name}`1" }.Select(_platform.GetTypeByMetadataName).OfType<INamedTypeSymbol>();

    private static IEnumerable<ISymbol> MembersOf(INamedTypeSymbol type) => type.BaseType is { } parent ? type.GetMembers().Concat(MembersOf(parent)) : type.GetMembers();

    /// <summary>
    /// Returns the part of a name after its last dot. An explicit implementation has the name of its interface before the dot.
    /// </summary>
    private static string LastPart(string name) => name[(name.LastIndexOf('.') + 1)..];

    [GeneratedRegex("^```.*?^```", RegexOptions.Multiline | RegexOptions.Singleline, matchTimeoutMilliseconds: Timeout)]
    private static partial Regex Fence();

    [GeneratedRegex("`(?<name>[^`\n]+)`", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: Timeout)]
    private static partial Regex CodeSpan();

    [GeneratedRegex(@"\b[A-Z]\w+\.[A-Z]\w+\b", RegexOptions.None, matchTimeoutMilliseconds: Timeout)]
    private static partial Regex QualifiedName();

    [GeneratedRegex(@"participant \w+ as (?<name>[A-Z]\w+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: Timeout)]
    private static partial Regex Participant();

    [GeneratedRegex("<.*>", RegexOptions.None, matchTimeoutMilliseconds: Timeout)]
    private static partial Regex TypeArguments();
}
