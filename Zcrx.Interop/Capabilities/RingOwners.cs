namespace Zcrx.Interop.Capabilities;

/// <summary>Finds processes with io_uring rings, which may own a busy queue.</summary>
/// <remarks>
/// The kernel does not report which process owns an RX queue. Processes with rings are the candidates, as far
/// as this process may see them.
/// </remarks>
internal static class RingOwners
{
    private const int MostNamed = 5;
    private const string Ring = "anon_inode:[io_uring]";

    /// <summary>Returns a clause that names other processes with rings, or that states that none is visible.</summary>
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
            ? "no other process with a ring is visible"
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
            // The process has ended, or belongs to another user.
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
