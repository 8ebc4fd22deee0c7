namespace Zcrx.Chaos.Support;

/// <summary>Represents the memory and the descriptors of the process at one moment.</summary>
/// <param name="Descriptors">
/// The number of open sockets and anonymous inodes (rings, eventfds, epoll). Files are not counted: the
/// runtime opens assemblies on demand.
/// </param>
/// <param name="Threads">The number of threads.</param>
/// <param name="Heap">Managed memory in bytes, after a collection.</param>
/// <param name="Resident">Resident memory in bytes.</param>
internal readonly record struct ProcessFootprint(int Descriptors, int Threads, long Heap, long Resident)
{
    /// <summary>Returns the kinds of open descriptors, the most frequent kind first.</summary>
    public static string DescribeDescriptors() => string.Join(", ", Directory.EnumerateFileSystemEntries("/proc/self/fd")
        .Select(static path => KindOf(path))
        .GroupBy(static kind => kind)
        .OrderByDescending(static group => group.Count())
        .Select(static group => $"{group.Count()} {group.Key}"));

    private static string KindOf(string descriptor)
    {
        try
        {
            string target = new FileInfo(descriptor).LinkTarget ?? "?";
            // Removes the number of the inode.
            return target.Split(":[")[0];
        }
        catch (IOException)
        {
            return "already closed";
        }
    }

    public static ProcessFootprint Now()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        return new ProcessFootprint(
            Directory.EnumerateFileSystemEntries("/proc/self/fd").Count(static path => KindOf(path) is "socket" or "anon_inode"),
            Directory.EnumerateDirectories("/proc/self/task").Count(),
            GC.GetTotalMemory(forceFullCollection: true),
            Environment.WorkingSet);
    }
}
