namespace Zcrx.Interop.Capabilities;

/// <summary>Who has io_uring rings, for telling who may hold a queue.</summary>
/// <remarks>The kernel does not say which process holds an RX queue. Those that have a ring are the candidates, as far as this process may look.</remarks>
internal static class RingOwners
{
    private const int MostNamed = 5;
    private const string Ring = "anon_inode:[io_uring]";

    /// <summary>A clause that names the other processes that have rings, or says that none is to be seen.</summary>
    public static string Describe(string processes = "/proc")
    {
        List<string> owners = [];
        foreach (string process in Directory.EnumerateDirectories(processes))
        {
            if (int.TryParse(Path.GetFileName(process), out int id) && id != Environment.ProcessId && HasRing(process))
            {
                owners.Add($"{NameOf(process)} ({id})");
            }
        }

        return owners.Count == 0
            ? "no other process with a ring is to be seen from here"
            : $"other processes with rings are {string.Join(", ", owners.Take(MostNamed))}{(owners.Count > MostNamed ? ", …" : "")}";
    }

    private static bool HasRing(string process)
    {
        try
        {
            return Directory.EnumerateFileSystemEntries(Path.Combine(process, "fd")).Any(static descriptor => new FileInfo(descriptor).LinkTarget == Ring);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Ended meanwhile, or somebody else's.
            return false;
        }
    }

    private static string NameOf(string process)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "comm")).Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "?";
        }
    }
}
