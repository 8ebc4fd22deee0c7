namespace Zcrx.Rx.Tests.Support;

/// <summary>Checks, at the end of a class of tests, that no descriptor and no ring thread is left.</summary>
/// <remarks>
/// All classes with this check are in one collection (<see cref="SocketsCollection"/>). No other test can therefore open descriptors at the
/// same time.
/// </remarks>
public sealed class ResourceCheck : IAsyncLifetime
{
    private Usage _before;

    public async Task InitializeAsync()
    {
        // The runtime opens some descriptors together with the first socket. They must exist before the count.
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
                // The library opens only sockets and anonymous inodes, such as eventfd and epoll. Files and pipes belong to the test
                // runner.
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
                // The descriptor was closed after its name was listed.
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
                // The thread has ended after its name was listed.
                return "";
            }
        }
    }
}
