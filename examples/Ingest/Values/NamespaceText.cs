namespace Ingest.Values;

/// <summary>Parses network namespaces on the command line, by their names in <c>ip netns</c>.</summary>
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
