using System.Net.Sockets;
using Zcrx.Actors.Tests.Support;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Hosting;

/// <summary>
/// Tests that stopped hosts leave no ring thread and no descriptor. Counts those of the whole process, so it must not run beside other
/// tests.
/// </summary>
[Collection(nameof(Alone))]
public class LeakTests
{
    [Fact]
    public async Task Stopped_hosts_leave_no_threads_and_no_descriptors()
    {
        await RunOnceAsync();
        var descriptors = Descriptors();
        var threads = RingThreads();

        for (int i = 0; i < 5; i++)
        {
            await RunOnceAsync();
        }

        await Eventually.TrueAsync(() => RingThreads() <= threads, $"no more than {threads} ring threads");
        // The runtime itself may open a few descriptors. Six leaking hosts would leave dozens.
        await Eventually.TrueAsync(() => Descriptors() <= descriptors + 3, $"no more than {descriptors} descriptors");
    }

    private static async Task RunOnceAsync()
    {
        Received received = new();
        await using var host = await TestHost.StartAsync(zcrx => zcrx.AddQueues(2, 256.KiB()).Listen("127.0.0.1:0", received.Handle));
        var probe = host.Kit.Subscribe(typeof(ZcrxEvent));
        using var client = await host.ConnectAsync();
        await client.SendAsync(new byte[1000]);
        await received.StreamAsync(0);
        host.Crash("zcrx-0");
        await probe.FishForMessageAsync<ZcrxEvent.QueueRestarting>();
        // The end of the scope stops the host at a random point of the restart.
    }

    private static int Descriptors() => Directory.GetFileSystemEntries("/proc/self/fd").Length;

    private static int RingThreads() => Directory.GetDirectories("/proc/self/task").Count(task =>
    {
        try
        {
            return File.ReadAllText(Path.Combine(task, "comm")).StartsWith("zcrx", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    });

    [CollectionDefinition(nameof(Alone), DisableParallelization = true)]
    public class Alone;
}
