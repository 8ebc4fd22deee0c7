namespace Ingest.Values;

/// <summary>Parses network interfaces on the command line.</summary>
internal static class InterfaceText
{
    private const string Root = "/sys/class/net";

    public static string? Read(string text, out string? value)
    {
        value = text;
        string[] names = Directory.Exists(Root)
            ? [.. Directory.EnumerateDirectories(Root).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)]
            : [];
        return names.Contains(text, StringComparer.Ordinal) ? null : $"a network interface of this machine ({string.Join(", ", names)})";
    }
}
