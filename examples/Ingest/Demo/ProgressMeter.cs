using System.Diagnostics;
using Zcrx.Rx;

namespace Ingest.Demo;

/// <summary>Takes snapshots of the streams. Computes their rates since the previous snapshot, and the time without progress.</summary>
internal sealed class ProgressMeter(IncomingStreams streams, long expected)
{
    private readonly Dictionary<IncomingStream, long> _previous = [];
    private readonly CopyMeter _copies = new();
    private long _previousTime = Stopwatch.GetTimestamp();
    private long _lastMove = Stopwatch.GetTimestamp();
    private int _previousEnded;

    /// <summary>Gets the time since bytes last arrived or a stream last ended.</summary>
    public TimeSpan Standstill => Stopwatch.GetElapsedTime(_lastMove);

    public DemoSnapshot Take(IReadOnlyList<QueueStatistics> queues)
    {
        long now = Stopwatch.GetTimestamp();
        double seconds = Math.Max(Stopwatch.GetElapsedTime(_previousTime, now).TotalSeconds, 0.001);
        List<StreamRow> rows = [];
        bool moved = false;
        int ended = 0;
        double rate = 0;
        foreach (IncomingStream stream in streams.All)
        {
            bool known = _previous.TryGetValue(stream, out long before);
            ReceivedStream state = stream.Snapshot();
            moved |= !known || state.Bytes != before;
            _previous[stream] = state.Bytes;
            double recent = (state.Bytes - before) / seconds;
            rate += recent;
            ended += state.End is null ? 0 : 1;
            rows.Add(new StreamRow(state.Remote?.ToString() ?? "unknown", state.Bytes, state.End is null ? recent : Average(state.Bytes, stream.Elapsed), State(state.End)));
        }

        if (moved || ended != _previousEnded)
        {
            _lastMove = now;
        }

        _previousEnded = ended;
        _previousTime = now;
        TimeSpan elapsed = streams.Elapsed;
        bool over = ended > 0 && ended == rows.Count;
        return new DemoSnapshot(elapsed, rows, queues, expected, over ? Average(rows.Sum(row => row.Bytes), elapsed) : rate) { CopiedNow = _copies.Take(queues) };
    }

    private static double Average(long bytes, TimeSpan time) => bytes / Math.Max(time.TotalSeconds, 0.001);

    private static string State(StreamEnd? end) => end switch
    {
        null => "receiving",
        { Error: null } => "complete",
        _ => "broken",
    };
}
