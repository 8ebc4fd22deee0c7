using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Ingest.Tests.Support;
using Xunit.Abstractions;
using Zcrx.Actors.Tests.Support;

namespace Zcrx.Actors.Tests.Shutdown;

/// <summary>Tests SIGTERM to a process with a consumer that blocks its ring thread forever.</summary>
public class TerminateStuckTests(ITestOutputHelper output)
{
    private const int Connections = 1_000;
    private const int AtOnce = 100;

    // On an idle machine, the report and the end each take a few seconds. Without the watchdog, a process with a stuck thread ends only
    // after minutes.
    private static readonly TimeSpan Reported = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Ended = StuckServer.HostTimeout + TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Stuck_queue_is_named_the_other_serves_all_connections_and_SIGTERM_ends_the_process()
    {
        using Process process = Process.Start(new ProcessStartInfo("dotnet", ["exec", typeof(StuckServer).Assembly.Location, StuckServer.Argument])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        })!;
        try
        {
            string ready = await process.StandardOutput.ReadLineAsync().WithinLimit() ?? "it ended";
            using Socket client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await client.ConnectAsync(IPEndPoint.Parse(ready.Split(' ')[1])).WithinLimit();
            await client.SendAsync(new byte[1]).WithinLimit();
            long blocked = Stopwatch.GetTimestamp();
            string[] place = (await process.StandardOutput.ReadLineAsync().WithinLimit() ?? "").Split(' ', 2);
            Assert.Equal(StuckServer.Blocked, place[0]);

            Assert.Equal(StuckServer.Reported + place[1], await process.StandardOutput.ReadLineAsync().WaitAsync(Reported));
            output.WriteLine($"{place[1]} was reported after {Stopwatch.GetElapsedTime(blocked)}");
            for (int i = 0; i < Connections; i += AtOnce)
            {
                await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => AssertServedAsync(IPEndPoint.Parse(ready.Split(' ')[1]))));
                for (int j = 0; j < AtOnce; j++)
                {
                    Assert.NotEqual(place[1], await process.StandardOutput.ReadLineAsync().WithinLimit());
                }
            }

            long start = Stopwatch.GetTimestamp();

            Signals.Send(process.Id, Signals.Terminate);

            using CancellationTokenSource deadline = new(Ended);
            Assert.Equal(PoolServer.Stopped, await process.StandardOutput.ReadLineAsync(deadline.Token));
            await process.WaitForExitAsync(deadline.Token);
            output.WriteLine($"ended after {Stopwatch.GetElapsedTime(start)}, with a host timeout of {StuckServer.HostTimeout}");
            Assert.Equal(0, process.ExitCode);
            // The connection must be reset, so that the peer does not regard its bytes as processed.
            await Assert.ThrowsAsync<SocketException>(() => client.ReceiveAsync(new byte[1]).WithinLimit());
        }
        finally
        {
            process.Kill();
        }
    }

    private static async Task AssertServedAsync(IPEndPoint endPoint)
    {
        using Socket client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(endPoint).WithinLimit();
        await client.SendAsync(new byte[1]).WithinLimit();
        Assert.Equal(1, await client.ReceiveAsync(new byte[1]).WithinLimit());
    }
}
