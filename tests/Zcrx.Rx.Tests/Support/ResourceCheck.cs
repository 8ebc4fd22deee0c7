namespace Zcrx.Rx.Tests.Support;

/// <summary>Shared by a class of tests: when the class is over, no descriptor and no ring thread is left behind.</summary>
/// <remarks>
/// The classes that use it are in one collection (<see cref="SocketsCollection"/>), so no other test opens descriptors at the same time.
/// </remarks>
public sealed class ResourceCheck : IAsyncLifetime
{
    private Usage _before;

    public async Task InitializeAsync()
    {
        // The runtime opens descriptors of its own when it meets its first socket.
        await using (TestQueue queue = await TestQueue.OpenAsync())
        {
            (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
            using (peer)
            {
                connection.Dispose();
                await connection.Closed.Within("the connection is closed");
            }
        }

        _before = Usage.Now();
    }

    public async Task DisposeAsync()
    {
        await Deadline.UntilAsync(
            () => Usage.Now() is var now && now.Descriptors <= _before.Descriptors && now.RingThreads <= _before.RingThreads,
            $"everything is closed; before {_before}, now {Usage.Now()}");
    }

    private readonly record struct Usage(int Descriptors, int RingThreads)
    {
        public static Usage Now() => new(CountDescriptors(), CountThreads());

        private static int CountDescriptors()
        {
            int count = 0;
            foreach (string path in Directory.EnumerateFileSystemEntries("/proc/self/fd"))
            {
                // Sockets and anonymous inodes (eventfd, epoll): what the library opens. Files and pipes are the runner's.
                if (LinkTarget(path) is { } target && (target.StartsWith("socket:", StringComparison.Ordinal) || target.StartsWith("anon_inode:", StringComparison.Ordinal)))
                {
                    count++;
                }
            }

            return count;
        }

        private static int CountThreads() =>
            Directory.EnumerateDirectories("/proc/self/task").Count(static path => Read(Path.Combine(path, "comm")).StartsWith("zcrx", StringComparison.Ordinal));

        private static string? LinkTarget(string path)
        {
            try
            {
                return new FileInfo(path).LinkTarget;
            }
            catch (IOException)
            {
                // Closed between listing and looking.
                return null;
            }
        }

        private static string Read(string path)
        {
            try
            {
                return File.ReadAllText(path);
            }
            catch (IOException)
            {
                // Ended between listing and looking.
                return "";
            }
        }
    }
}
