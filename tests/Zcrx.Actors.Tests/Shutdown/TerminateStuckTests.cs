using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Ingest.Tests.Support;
using Xunit.Abstractions;
using Zcrx.Actors.Tests.Support;

namespace Zcrx.Actors.Tests.Shutdown;

/// <summary>Tests a process with a consumer that blocks its ring thread for ever, and that receives SIGTERM.</summary>
public class TerminateStuckTests(ITestOutputHelper output)
{
    [Fact]
    public async Task SIGTERM_ends_the_process_although_a_ring_thread_is_stuck()
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
            Assert.Equal(StuckServer.Blocked, await process.StandardOutput.ReadLineAsync().WithinLimit());
            long start = Stopwatch.GetTimestamp();

            Signals.Send(process.Id, Signals.Terminate);

            Assert.Equal(PoolServer.Stopped, await process.StandardOutput.ReadLineAsync().WithinLimit());
            await process.WaitForExitAsync().WithinLimit();
            output.WriteLine($"ended after {Stopwatch.GetElapsedTime(start)}, with a host timeout of {StuckServer.HostTimeout}");
            Assert.Equal(0, process.ExitCode);
            // The connection was reset: its peer must not take its bytes as processed.
            await Assert.ThrowsAsync<SocketException>(() => client.ReceiveAsync(new byte[1]).WithinLimit());
        }
        finally
        {
            process.Kill();
        }
    }
}
