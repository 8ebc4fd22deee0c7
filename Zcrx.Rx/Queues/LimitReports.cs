using System.Net;
using Zcrx.Rx.Limits;
using Zcrx.Rx.Receiving;
using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Queues;

/// <summary>Counts how often limits of a queue were enforced, and publishes the counts at intervals. Ring thread only.</summary>
internal sealed class LimitReports(QueueContext context, FrameBudget frames, QueueEvents events) : ILimitReports
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly LimitTally _tally = new(context.Clock.ToTicks(Interval));
    private long _framesRefused;

    /// <summary>Gets the time at which the next report is due; <see cref="long.MaxValue"/> for none.</summary>
    public long Due => _tally.Due;

    public void Acted(ZcrxLimit limit, string? listener, IPEndPoint? peer, string reason)
    {
        if (limit is ZcrxLimit.MaxConnections or ZcrxLimit.MaxConnectionsPerAddress)
        {
            context.Counters.ConnectionsRefused++;
        }
        else if (limit is ZcrxLimit.FirstByteTimeout or ZcrxLimit.IdleTimeout)
        {
            context.Counters.ConnectionsTimedOut++;
        }

        _tally.Add(limit, listener, peer, reason);
    }

    public void Ended(ZcrxLimit limit, string reason) => _tally.End(limit, null, reason);

    /// <summary>Publishes the reports that are due.</summary>
    public void Flush()
    {
        long refused = frames.Refused;
        if (refused != _framesRefused)
        {
            // Frame operators have no reference to the queue, so they cannot report a refused copy. A change of the count shows it.
            _tally.Add(ZcrxLimit.CopiedFrameBytes, null, null, $"unfinished frames have copied {frames.Used} bytes, and the limit is {frames.Limit}", refused - _framesRefused);
            _framesRefused = refused;
        }

        foreach (LimitReport report in _tally.Take(context.Clock.TurnStart))
        {
            Publish(report);
        }
    }

    private void Publish(LimitReport report) =>
        events.LimitReached(new LimitReached(context.Options.Name, report.Limit, report.Listener, report.Count, report.Peer, report.Reason, context.Clock.UtcNow));
}
