namespace Zcrx.Chaos.Support;

/// <summary>Represents the memory and the descriptors that this process uses at one moment.</summary>
/// <param name="Descriptors">The number of open sockets and anonymous inodes, such as rings and eventfds. Files are not counted, because
/// the runtime opens assemblies at any time.</param>
/// <param name="Threads">The number of threads.</param>
/// <param name="Heap">The managed memory after a garbage collection, in bytes.</param>
/// <param name="Resident">The resident memory, in bytes.</param>
internal readonly record struct ProcessFootprint(int Descriptors, int Threads, long Heap, long Resident)
{
    /// <summary>Returns the kinds of open descriptors with their numbers, most frequent first.</summary>
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
            // The number of the inode differs for each descriptor, so it is removed.
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
