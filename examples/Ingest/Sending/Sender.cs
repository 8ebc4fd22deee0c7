using System.Diagnostics;
using Ingest.Commands;
using Ingest.Display;

namespace Ingest.Sending;

/// <summary>Sends all streams of a plan at the same time, and prints a line when a stream ends.</summary>
internal static class Sender
{
    /// <param name="plan">The streams to send.</param>
    /// <param name="output">Receives the lines.</param>
    /// <param name="ending">Ends the streams in order at their current position.</param>
    /// <param name="cancellationToken">Aborts the streams.</param>
    public static async Task<int> RunAsync(SendPlan plan, TextWriter output, CancellationToken ending, CancellationToken cancellationToken)
    {
        List<IStreamSource> sources = [];
        try
        {
            for (int i = 0; i < plan.Connections; i++)
            {
                sources.Add(plan.Open(i));
            }

            long start = Stopwatch.GetTimestamp();
            TextWriter lines = TextWriter.Synchronized(output);
            SentStream[] streams = await Task.WhenAll(sources.Select(source => Task.Run(() => SendAsync(plan, source, lines, ending, cancellationToken), cancellationToken)));
            TimeSpan elapsed = Stopwatch.GetElapsedTime(start);

            long bytes = streams.Sum(stream => stream.Bytes);
            int failed = streams.Count(stream => stream.Error is not null);
            string failures = failed == 0 ? "" : $", {failed} failed";
            await output.WriteLineAsync(
                $"{Quantity.Of(streams.Length, "stream", "streams")}{failures}, {Quantity.Bytes(bytes)} in {Quantity.Seconds(elapsed)}, {Quantity.Rate(bytes, elapsed)}");
            return failed == 0 ? ExitCode.Success : ExitCode.Failure;
        }
        finally
        {
            foreach (IStreamSource source in sources)
            {
                source.Dispose();
            }
        }
    }

    private static async Task<SentStream> SendAsync(SendPlan plan, IStreamSource source, TextWriter lines, CancellationToken ending, CancellationToken cancellationToken)
    {
        SentStream stream = await StreamSender.SendAsync(plan.To, source, plan.Pace, ending, cancellationToken);
        await lines.WriteLineAsync(stream.ToString());
        return stream;
    }
}
