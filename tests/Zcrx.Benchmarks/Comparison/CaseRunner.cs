using System.Diagnostics;
using System.Globalization;
using Zcrx.Benchmarks.Receivers;
using Zcrx.Benchmarks.Traffic;

namespace Zcrx.Benchmarks.Comparison;

/// <summary>Runs one case with new, separate processes for the receiver and the sender. Checks that all bytes arrived.</summary>
internal sealed class CaseRunner(CompareOptions options)
{
    private static readonly TimeSpan ProcessLimit = TimeSpan.FromMinutes(3);

    private readonly Payload _payload = new();

    /// <exception cref="InvalidOperationException">Not all bytes arrived, or a process failed.</exception>
    public async Task<Measurement> RunAsync(ComparisonCase item)
    {
        using CancellationTokenSource limit = new(ProcessLimit);
        long total = item.TotalBytes(options.Volume);
        string[] work = [Text(item.Connections), Text(total), Text(item.WarmUpBytes(options.Volume, options.WarmUp)), options.ReadsAll ? "read" : "touch"];
        using Process receiver = item.Kind.Program is { } program ? StartProgram(program, work) : Start(["receive", item.Receiver, .. work]);
        Process? sender = null;
        try
        {
            string port = await ReadAsync(receiver, ReceiverProgram.ListeningPrefix, limit.Token);
            sender = Start("sender", port, Text(item.Connections), Text(item.BytesPerConnection(options.Volume)));
            Measurement measurement = Measurement.Parse("{" + await ReadAsync(receiver, "{", limit.Token));
            // The sender keeps its connections open until now: their ends are not measured.
            sender.StandardInput.Close();
            await receiver.WaitForExitAsync(limit.Token);
            await sender.WaitForExitAsync(limit.Token);
            Check(item, total, measurement);
            return measurement;
        }
        catch (OperationCanceledException exception)
        {
            throw new InvalidOperationException($"{item.Receiver} with {item.Connections} connections did not end within {ProcessLimit.TotalMinutes} minutes.", exception);
        }
        finally
        {
            End(receiver);
            if (sender is not null)
            {
                End(sender);
                sender.Dispose();
            }
        }
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static Process Start(params ReadOnlySpan<string> arguments)
    {
        // In a guest, this process runs the executable of the program. Elsewhere, it runs `dotnet` with the assembly.
        string host = Environment.ProcessPath!;
        return Path.GetFileNameWithoutExtension(host) == "dotnet"
            ? StartProgram(host, ["exec", typeof(CaseRunner).Assembly.Location, .. arguments])
            : StartProgram(host, arguments);
    }

    /// <exception cref="InvalidOperationException">The program does not exist.</exception>
    private static Process StartProgram(string program, params ReadOnlySpan<string> arguments)
    {
        Limit.Require(program);
        ProcessStartInfo start = new(program) { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false };
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!;
    }

    /// <summary>Returns the rest of the first line that starts with a prefix. Skips other lines, such as the log of a library.</summary>
    private static async Task<string> ReadAsync(Process process, string prefix, CancellationToken cancellation)
    {
        while (await process.StandardOutput.ReadLineAsync(cancellation) is { } line)
        {
            if (line.StartsWith(prefix, StringComparison.Ordinal))
            {
                return line[prefix.Length..];
            }
        }

        throw new InvalidOperationException("The receiver ended before it was done. Its messages are above.");
    }

    private static void End(Process process)
    {
        if (!process.HasExited)
        {
            process.Kill();
        }
    }

    private void Check(ComparisonCase item, long expected, Measurement measurement)
    {
        if (measurement.TotalBytes != expected)
        {
            throw new InvalidOperationException($"{item.Receiver} with {item.Connections} connections received {measurement.TotalBytes} of {expected} bytes.");
        }

        if (options.ReadsAll)
        {
            ulong sum = _payload.SumOf(item.BytesPerConnection(options.Volume));
            int wrong = measurement.Sums.Count(received => received != sum);
            if (wrong > 0)
            {
                throw new InvalidOperationException($"{item.Receiver}: on {wrong} of {item.Connections} connections other bytes arrived than were sent.");
            }
        }
    }
}
