namespace Ingest.Values;

/// <summary>Network namespaces on the command line, by the names that <c>ip netns</c> gives them.</summary>
internal static class NamespaceText
{
    private const string Root = "/run/netns";

    public static string? Read(string text, out string? value)
    {
        value = text;
        string[] names = Directory.Exists(Root)
            ? [.. Directory.EnumerateFiles(Root).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)]
            : [];
        return names.Contains(text, StringComparer.Ordinal)
            ? null
            : $"a network namespace that `ip netns` lists ({(names.Length == 0 ? "there are none" : string.Join(", ", names))})";
    }
}
