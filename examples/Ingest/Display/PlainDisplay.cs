using System.Diagnostics;
using Ingest.Demo;
using Zcrx.Rx;

namespace Ingest.Display;

/// <summary>Shows the demo in a file or a pipe, with at most one line per second.</summary>
internal sealed class PlainDisplay(TextWriter output) : IDemoDisplay
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    public async Task ShowAsync(IAsyncEnumerable<DemoSnapshot> snapshots)
    {
        long shown = Stopwatch.GetTimestamp();
        await foreach (DemoSnapshot snapshot in snapshots)
        {
            if (Stopwatch.GetElapsedTime(shown) >= Interval)
            {
                shown = Stopwatch.GetTimestamp();
                await output.WriteLineAsync(Line(snapshot));
            }
        }
    }

    private static string Line(DemoSnapshot snapshot)
    {
        int complete = snapshot.Streams.Count(stream => stream.State == "complete");
        int broken = snapshot.Streams.Count(stream => stream.State == "broken");
        string streams = $"{Quantity.Of(snapshot.Streams.Count, "stream", "streams")}, {complete} complete{(broken > 0 ? $", {broken} broken" : "")}";
        string queues = string.Join("; ", snapshot.Queues.Select(queue => Describe(queue, snapshot.CopiedNow.GetValueOrDefault(queue.Queue))));
        return $"{Quantity.Seconds(snapshot.Elapsed),7}  {Quantity.Bytes(snapshot.Bytes)} of {Quantity.Bytes(snapshot.Expected)}, {Quantity.Bytes(snapshot.BytesPerSecond)}/s, {streams}; {queues}";
    }

    private static string Describe(QueueStatistics queue, double copiedNow) =>
        $"{queue.Queue}: {queue.BuffersOut} of {queue.Buffers} buffers out, pressure {queue.Pressure}, {queue.PausedConnections} paused, {Quantity.Resumptions(queue)} resumed, {Quantity.Share(queue.CopiedShare)} copied ({Quantity.Share(copiedNow)} now), {Quantity.Of(queue.Rearms, "re-arm", "re-arms")}";
}
