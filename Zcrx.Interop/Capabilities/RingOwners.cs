namespace Zcrx.Interop.Capabilities;

/// <summary>Finds the processes that have io_uring rings. When an RX queue is busy, one of them may own it.</summary>
/// <remarks>
/// The kernel does not report which process owns an RX queue. Only the processes that this process may inspect are found.
/// </remarks>
internal static class RingOwners
{
    private const int MostNamed = 5;
    private const string Ring = "anon_inode:[io_uring]";

    /// <summary>Returns a clause that names the other processes with rings, or states that none is visible.</summary>
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
