using Zcrx.Rx;

namespace Ingest.Demo;

/// <summary>Measures the copied share of the bytes that each queue has received since the previous sample.</summary>
internal sealed class CopyMeter
{
    private readonly Dictionary<string, (long Received, long Copied)> _previous = [];

    public IReadOnlyDictionary<string, double> Take(IReadOnlyList<QueueStatistics> queues)
    {
        Dictionary<string, double> shares = [];
        foreach (QueueStatistics queue in queues)
        {
            (long received, long copied) = _previous.GetValueOrDefault(queue.Queue);
            long bytes = queue.BytesReceived - received;
            shares[queue.Queue] = bytes <= 0 ? 0 : Math.Clamp((double)(queue.CopiedBytes - copied) / bytes, 0, 1);
            _previous[queue.Queue] = (queue.BytesReceived, queue.CopiedBytes);
        }

        return shares;
    }
}
