using Zcrx.Rx;

namespace Ingest.Demo;

/// <summary>Represents the state of the demo at one moment, for the displays.</summary>
/// <param name="Elapsed">Since the first connection.</param>
/// <param name="Streams">The streams, in the order in which they came in.</param>
/// <param name="Queues">The queues' counters.</param>
/// <param name="Expected">Bytes that all streams have together when everything goes well.</param>
/// <param name="BytesPerSecond">All streams together, since the last snapshot; once all have ended, on average.</param>
internal sealed record DemoSnapshot(TimeSpan Elapsed, IReadOnlyList<StreamRow> Streams, IReadOnlyList<QueueStatistics> Queues, long Expected, double BytesPerSecond)
{
    /// <summary>Copied part of what each queue, by its name, received since the last snapshot.</summary>
    public IReadOnlyDictionary<string, double> CopiedNow { get; init; } = new Dictionary<string, double>();

    public long Bytes => Streams.Sum(stream => stream.Bytes);
}
