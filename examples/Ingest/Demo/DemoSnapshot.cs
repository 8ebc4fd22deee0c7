using Zcrx.Rx;

namespace Ingest.Demo;

/// <summary>Represents the state of the demo at one moment, for the displays.</summary>
/// <param name="Elapsed">The time since the first connection.</param>
/// <param name="Streams">The streams, in the order of their arrival.</param>
/// <param name="Queues">The counters of the queues.</param>
/// <param name="Expected">The number of bytes that all streams must have at the end.</param>
/// <param name="BytesPerSecond">The rate of all streams since the last snapshot. Once all streams have ended, the average rate.</param>
internal sealed record DemoSnapshot(TimeSpan Elapsed, IReadOnlyList<StreamRow> Streams, IReadOnlyList<QueueStatistics> Queues, long Expected, double BytesPerSecond)
{
    /// <summary>Gets the copied share of the bytes that each queue received since the last snapshot, by queue name.</summary>
    public IReadOnlyDictionary<string, double> CopiedNow { get; init; } = new Dictionary<string, double>();

    public long Bytes => Streams.Sum(stream => stream.Bytes);
}
