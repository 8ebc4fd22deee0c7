using System.Diagnostics;
using Zcrx.Rx;

namespace Ingest.Demo;

/// <summary>Makes snapshots: knows what the previous one said, and since when nothing has moved.</summary>
internal sealed class ProgressMeter(IncomingStreams streams, long expected)
{
    private readonly Dictionary<IncomingStream, long> _previous = [];
    private long _previousTime = Stopwatch.GetTimestamp();
    private long _lastMove = Stopwatch.GetTimestamp();
    private int _previousEnded;

    /// <summary>How long nothing has arrived and no stream has ended.</summary>
    public TimeSpan Standstill => Stopwatch.GetElapsedTime(_lastMove);

    public DemoSnapshot Take(IReadOnlyList<QueueStatistics> queues)
    {
        long now = Stopwatch.GetTimestamp();
        double seconds = Math.Max(Stopwatch.GetElapsedTime(_previousTime, now).TotalSeconds, 0.001);
        List<StreamRow> rows = [];
        bool moved = false;
        int ended = 0;
        foreach (IncomingStream stream in streams.All)
        {
            bool known = _previous.TryGetValue(stream, out long before);
            long bytes = stream.Bytes;
            moved |= !known || bytes != before;
            ended += stream.End is null ? 0 : 1;
            _previous[stream] = bytes;
            rows.Add(new StreamRow(stream.Remote?.ToString() ?? "unknown", bytes, (bytes - before) / seconds, State(stream.End)));
        }

        if (moved || ended != _previousEnded)
        {
            _lastMove = now;
        }

        _previousEnded = ended;
        _previousTime = now;
        return new DemoSnapshot(streams.Elapsed, rows, queues, expected);
    }

    private static string State(StreamEnd? end) => end switch
    {
        null => "receiving",
        { Error: null } => "complete",
        _ => "broken",
    };
}
