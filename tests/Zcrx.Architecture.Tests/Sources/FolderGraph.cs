using System.Globalization;
using System.Text;
using Microsoft.CodeAnalysis;

namespace Zcrx.Architecture.Tests.Sources;

/// <summary>Represents the folders of a library as a graph. An edge means that code in one folder refers to another folder.</summary>
internal sealed class FolderGraph
{
    private const int ReferencesPerEdge = 12;

    private readonly string _library;
    private readonly IReadOnlySet<Reference> _references;
    private readonly SortedDictionary<string, SortedSet<string>> _edges = new(StringComparer.Ordinal);

    public FolderGraph(Library library)
    {
        _library = library.Name;
        _references = library.References;
        foreach (SyntaxTree tree in library.Compilation.SyntaxTrees.Where(static tree => tree.FilePath.Length > 0))
        {
            _edges.TryAdd(References.FolderOf(tree), new SortedSet<string>(StringComparer.Ordinal));
        }

        foreach (Reference reference in _references)
        {
            _edges[reference.From].Add(reference.To);
        }
    }

    public IReadOnlyCollection<string> Folders => _edges.Keys;

    /// <summary>Returns the cycles. A cycle is a set of folders that use each other, directly or indirectly.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Knots()
    {
        Dictionary<string, HashSet<string>> reachable = _edges.Keys.ToDictionary(static folder => folder, Reachable);
        return [.. _edges.Keys
            .Where(folder => reachable[folder].Contains(folder))
            .GroupBy(folder => string.Join(' ', reachable[folder].Where(other => reachable.TryGetValue(other, out HashSet<string>? back) && back.Contains(folder)).Order(StringComparer.Ordinal)), StringComparer.Ordinal)
            .Select(static knot => (IReadOnlyList<string>)[.. knot])];
    }

    /// <summary>Returns the references to libraries that are above this one.</summary>
    public IReadOnlyList<Reference> Upward() => [.. _references.Where(reference => Level(reference.To) > Level(_library + "/"))];

    /// <summary>Describes the edges of a cycle, with the types that are the reason for each edge.</summary>
    public string Describe(IReadOnlyList<string> knot)
    {
        StringBuilder text = new();
        text.AppendLine(CultureInfo.InvariantCulture, $"{knot.Count} folders use each other: {string.Join(", ", knot)}");
        foreach (IGrouping<(string From, string To), Reference> edge in _references.Where(reference => knot.Contains(reference.From) && knot.Contains(reference.To)).GroupBy(static reference => (reference.From, reference.To)).OrderBy(static edge => edge.Key))
        {
            string[] pairs = [.. edge.Select(static reference => $"{reference.FromType} uses {reference.ToType}").Distinct().Order(StringComparer.Ordinal)];
            string more = pairs.Length > ReferencesPerEdge ? $", and {pairs.Length - ReferencesPerEdge} more" : string.Empty;
            text.AppendLine(CultureInfo.InvariantCulture, $"  {edge.Key.From} -> {edge.Key.To}: {string.Join(", ", pairs.Take(ReferencesPerEdge))}{more}");
        }

        return text.ToString();
    }

    /// <summary>
    /// Returns one line per folder. It lists the folders of the same library that the folder uses, then a bar, and then those of the
    /// libraries below.
    /// </summary>
    public override string ToString()
    {
        StringBuilder text = new();
        foreach ((string folder, SortedSet<string> used) in _edges)
        {
            ILookup<bool, string> own = used.ToLookup(other => other.StartsWith(_library, StringComparison.Ordinal));
            string line = $"{folder} -> {string.Join(' ', own[true].Select(Short))} | {string.Join(' ', own[false])}";
            text.AppendLine(line.TrimEnd(' ', '|'));
        }

        return text.ToString();
    }

    private string Short(string folder) => folder.Length > _library.Length ? folder[(_library.Length + 1)..] : folder;

    private HashSet<string> Reachable(string start)
    {
        HashSet<string> seen = [];
        Stack<string> open = new(_edges[start]);
        while (open.TryPop(out string? folder))
        {
            if (seen.Add(folder) && _edges.TryGetValue(folder, out SortedSet<string>? next))
            {
                foreach (string other in next)
                {
                    open.Push(other);
                }
            }
        }

        return seen;
    }

    private static int Level(string folder) => Array.FindIndex(Library.Names, name => folder == name || folder.StartsWith(name + "/", StringComparison.Ordinal));
}
