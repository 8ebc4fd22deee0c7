using System.Diagnostics;
using System.Globalization;
using System.Net;
using Ingest.Tests.Support;
using Xunit.Abstractions;
using Zcrx.Actors.Tests.Support;

namespace Zcrx.Actors.Tests.Shutdown;

/// <summary>Sends SIGTERM to a process under load. Its pool of actors handles frames slowly.</summary>
public class TerminateUnderLoadTests(ITestOutputHelper output)
{
    private const int Clients = 4;
    private const int HandledBefore = 1000;

    [Fact]
    public async Task Every_frame_that_was_handled_is_acknowledged_or_its_connection_reported()
    {
        using Process process = Process.Start(new ProcessStartInfo("dotnet", ["exec", typeof(PoolServer).Assembly.Location, PoolServer.Argument])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        })!;
        try
        {
            string ready = await process.StandardOutput.ReadLineAsync().WithinLimit() ?? "it ended";
            Assert.StartsWith(PoolServer.Ready, ready, StringComparison.Ordinal);
            IPEndPoint endPoint = IPEndPoint.Parse(ready.Split(' ')[1]);
            PoolClient[] clients = await Task.WhenAll(Enumerable.Range(0, Clients).Select(number => PoolClient.StartAsync(number, endPoint)));

            List<string> lines = await TerminateAsync(process);

            await process.WaitForExitAsync().WithinLimit();
            Assert.Equal(0, process.ExitCode);
            Assert.Equal(PoolServer.Stopped, lines[^1]);
            int handledAfter = lines.SkipWhile(static line => line != PoolServer.Stopping).Count(static line => line.StartsWith(PoolServer.Handled, StringComparison.Ordinal));
            // The pool must have handled frames after the signal, which proves that the drain time was used.
            Assert.True(handledAfter > Clients, $"{handledAfter} frames were handled after the signal");
            int unreported = 0;
            foreach (PoolClient client in clients)
            {
                IReadOnlySet<int> replies = await client.RepliesAsync();
                int number = Array.IndexOf(clients, client);
                HashSet<int> handled = [.. Numbers(lines, number)];
                bool isReported = lines.Any(line => line.StartsWith($"{PoolServer.Failed} {number} ", StringComparison.Ordinal));
                output.WriteLine($"client {number}: {handled.Count} frames handled, {replies.Count} acknowledged, failure reported: {isReported}");
                Assert.Empty(replies.Except(handled));
                unreported += isReported ? 0 : handled.Except(replies).Count();
                client.Dispose();
            }

            output.WriteLine($"{handledAfter} frames were handled after the signal");
            Assert.Equal(0, unreported);
        }
        finally
        {
            process.Kill();
        }
    }

    /// <summary>Sends the signal under load, and reads all output of the process until it ends.</summary>
    private static async Task<List<string>> TerminateAsync(Process process)
    {
        List<string> lines = [];
        while (await process.StandardOutput.ReadLineAsync().WithinLimit() is { } line)
        {
            lines.Add(line);
            if (lines.Count == HandledBefore)
            {
                Signals.Send(process.Id, Signals.Terminate);
            }
        }

        return lines;
    }

    private static IEnumerable<int> Numbers(List<string> lines, int client) => lines
        .Where(line => line.StartsWith($"{PoolServer.Handled} {client} ", StringComparison.Ordinal))
        .Select(static line => int.Parse(line.Split(' ')[2], CultureInfo.InvariantCulture));
}
