using System.Globalization;

namespace Zcrx.Interop.Capabilities;

/// <summary>Reads lines of <c>/proc/self/status</c>. Pure. If a line is missing or malformed, its fact is unknown.</summary>
/// <param name="text">The file's text; may be empty.</param>
internal sealed class ProcessStatus(string text)
{
    private const int SeccompModeFilter = 2;

    /// <summary>Gets the effective capabilities (line <c>CapEff</c>) as a bit mask; null when the line is missing.</summary>
    public ulong? EffectiveCapabilities =>
        ulong.TryParse(Value("CapEff"), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong mask) ? mask : null;

    /// <summary>Gets a value indicating whether a seccomp filter is active (line <c>Seccomp</c> is 2).</summary>
    public bool HasSeccompFilter =>
        int.TryParse(Value("Seccomp"), NumberStyles.None, CultureInfo.InvariantCulture, out int mode) && mode == SeccompModeFilter;

    /// <summary>
    /// Determines whether a group is the effective group (second field of <c>Gid</c>) or a supplementary group (<c>Groups</c>) of the
    /// process.
    /// </summary>
    public bool IsInGroup(int group)
    {
        string wanted = group.ToString(CultureInfo.InvariantCulture);
        string[] gids = Fields("Gid");
        return (gids.Length > 1 && gids[1] == wanted) || Fields("Groups").Contains(wanted);
    }

    private string[] Fields(string name) => Value(name).ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    private ReadOnlySpan<char> Value(string name)
    {
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            if (line.Length > name.Length && line[name.Length] == ':' && line.StartsWith(name, StringComparison.Ordinal))
            {
                return line[(name.Length + 1)..].Trim();
            }
        }

        return default;
    }
}
