using System.Diagnostics;
using System.Globalization;
using Zcrx.Benchmarks.Processes;
using Zcrx.Benchmarks.Receivers;
using Zcrx.Benchmarks.Traffic;

namespace Zcrx.Benchmarks.Comparison;

/// <summary>Runs one case with a new receiver process and a new sender process. Checks that all bytes have arrived.</summary>
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
        using Process receiver = item.Kind.Program is { } program ? ChildProcess.StartProgram(program, work) : ChildProcess.Start(["receive", item.Receiver, .. work]);
        Process? sender = null;
        try
        {
            string port = await ChildProcess.ReadLineAsync(receiver, ReceiverProgram.ListeningPrefix, limit.Token);
            sender = ChildProcess.Start("sender", port, Text(item.Connections), Text(item.BytesPerConnection(options.Volume)));
            Measurement measurement = Measurement.Parse("{" + await ChildProcess.ReadLineAsync(receiver, "{", limit.Token));
            // Lets the sender close its connections. The measurement is over by now, so their ends are not part of it.
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
