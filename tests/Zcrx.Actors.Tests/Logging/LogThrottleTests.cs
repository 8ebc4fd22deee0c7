using FsCheck;
using FsCheck.Fluent;
using Zcrx.Actors.Logging;

namespace Zcrx.Actors.Tests.Logging;

/// <summary>Tests which log events are written, with generated sequences of events.</summary>
public class LogThrottleTests
{
    private const int Burst = 3;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    [Fact]
    public void Events_are_written_or_counted_and_an_interval_has_at_most_the_burst() => Prop.ForAll(
        Gen.Choose(0, 80).SelectMany(count => Event.ListOf(count)).ToArbitrary(),
        static events =>
        {
            LogThrottle throttle = new(Burst, Interval);
            TimeSpan now = TimeSpan.Zero;
            List<(int Id, TimeSpan At)> written = [];
            HashSet<string> traced = [];
            long reported = 0;
            foreach ((int elapsed, int id, int place) in events)
            {
                now += TimeSpan.FromSeconds(elapsed);
                LogDecision decision = throttle.Decide(id, () => $"{place}", now);
                reported += decision.Suppressed;
                if (decision.IsWritten)
                {
                    written.Add((id, now));
                }

                // Only the first written event of a code location has the stack trace.
                if (decision.HasTrace != (decision.IsWritten && traced.Add($"{place}")))
                {
                    return false;
                }
            }

            long rest = throttle.TakeSuppressed().Sum(static pair => pair.Value);
            bool isComplete = written.Count + reported + rest == events.Count && throttle.TakeSuppressed().Count == 0;
            // A window begins at its first event, so a span of one interval touches at most two windows.
            return isComplete && written.TrueForAll(first => written.Count(other => other.Id == first.Id && other.At >= first.At && other.At < first.At + Interval) <= 2 * Burst);
        }).QuickCheckThrowOnFailure();

    private static Gen<(int Elapsed, int Id, int Place)> Event =>
        Gen.Choose(0, 4).SelectMany(static elapsed => Gen.Choose(1, 2).SelectMany(id => Gen.Choose(0, 3).Select(place => (elapsed, id, place))));
}
