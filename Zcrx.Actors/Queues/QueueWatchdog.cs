using Akka.Event;
using Microsoft.Extensions.Logging;
using Zcrx.Actors.Logging;
using Zcrx.Rx;
using Zcrx.Rx.Queues;

namespace Zcrx.Actors.Queues;

/// <summary>
/// Watches the ring thread of one open queue. Reports that the thread is stuck, and abandons a stuck thread that does not end in time.
/// Owned by the <see cref="QueueIncarnation"/>.
/// </summary>
internal sealed class QueueWatchdog(ZcrxQueue queue, ZcrxWatchdogOptions options, TimeProvider time, ILogger logger, EventStream events)
{
    private static readonly TimeSpan ShortestInterval = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestInterval = TimeSpan.FromSeconds(1);

    private readonly StuckMachine _machine = new(options.StuckAfter, options.NotLiveAfter);
    private readonly AbandonRule _rule = new(options.StuckAfter);
    private readonly long _start = time.GetTimestamp();
    private StuckQueue? _stuck;

    /// <summary>
    /// Returns the interval of the checks. It is about a quarter of <see cref="ZcrxWatchdogOptions.StuckAfter"/>, so a stuck queue is
    /// reported soon after that time.
    /// </summary>
    public static TimeSpan IntervalFor(ZcrxWatchdogOptions options) => new(long.Clamp(options.StuckAfter.Ticks / 4, ShortestInterval.Ticks, LongestInterval.Ticks));

    /// <summary>Checks the ring thread.</summary>
    /// <param name="stuck">The callback in which the ring thread is stuck; null if the ring thread is not stuck.</param>
    /// <returns>True if <paramref name="stuck"/> has changed since the last call.</returns>
    public bool Check(out StuckQueue? stuck)
    {
        QueueActivity activity = queue.Loop.Activity;
        _ = MayAbandon(activity);
        StuckStep step = _machine.Observe(activity.BusyFor);
        switch (step)
        {
            case StuckStep.Began:
                queue.Loop.IsStuck = true;
                _stuck = new StuckQueue(time.GetUtcNow() - activity.BusyFor, activity.Connection?.Id, activity.Place, FailsLiveness: false);
                ZcrxLog.QueueStuck(logger, queue.Name, activity.BusyFor, activity.Place);
                events.Publish(new ZcrxEvent.QueueStuck(queue.Name, _stuck));
                break;
            case StuckStep.FailsLiveness:
                _stuck = _stuck! with { FailsLiveness = true };
                ZcrxLog.QueueNotLive(logger, queue.Name, activity.BusyFor, activity.Place);
                break;
            case StuckStep.Ended:
                queue.Loop.IsStuck = false;
                TimeSpan duration = time.GetUtcNow() - _stuck!.Since;
                _stuck = null;
                ZcrxLog.QueueNoLongerStuck(logger, queue.Name, duration);
                events.Publish(new ZcrxEvent.QueueStuck(queue.Name, null));
                break;
            default:
                break;
        }

        stuck = _stuck;
        return step != StuckStep.None;
    }

    /// <summary>
    /// Abandons the ring thread if two observations have found it stuck in the same turn. The connections of the
    /// queue then end with an error.
    /// </summary>
    /// <returns>
    /// False if the thread is not stuck, or if this is the first observation that found it stuck. The caller tries again later.
    /// </returns>
    public bool TryAbandon()
    {
        QueueActivity activity = queue.Loop.Activity;
        if (!MayAbandon(activity))
        {
            return false;
        }

        if (queue.Loop.Abandon())
        {
            ZcrxLog.QueueAbandoned(logger, queue.Name, activity.BusyFor, activity.Place);
            events.Publish(new ZcrxEvent.QueueAbandoned(queue.Name, activity.Place));
            _ = ReportMissedAsync();
        }

        return true;
    }

    private bool MayAbandon(QueueActivity activity) => _rule.Observe(activity.Turn, activity.BusyFor, time.GetElapsedTime(_start));

    private async Task ReportMissedAsync()
    {
        int missed = await queue.Loop.MissedObservers.ConfigureAwait(false);
        if (missed > 0)
        {
            ZcrxLog.ObserversBlocked(logger, queue.Name, missed);
        }
    }
}
