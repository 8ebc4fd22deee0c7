using Microsoft.Extensions.Time.Testing;
using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Tests.Ring;

public class TurnDurationsTests
{
    [Fact]
    public void Turns_are_counted_by_the_time_that_the_thread_has_worked()
    {
        FakeTimeProvider time = new();
        RingClock clock = new(time);
        RingHeartbeat heartbeat = new(clock);
        void Begin()
        {
            clock.BeginTurn();
            heartbeat.BeginTurn();
        }

        Begin();
        time.Advance(TimeSpan.FromMicroseconds(30));
        Begin();
        // The next turn works, sleeps and works again. Its work takes 100 µs in total, which is exactly a bound of the histogram.
        time.Advance(TimeSpan.FromMicroseconds(60));
        heartbeat.Sleep();
        time.Advance(TimeSpan.FromMinutes(5));
        heartbeat.Wake();
        time.Advance(TimeSpan.FromMicroseconds(40));
        Begin();
        time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(2, heartbeat.Durations.Read().Sum());
        Begin();
        Begin();

        long[] expected = new long[QueueStatistics.TurnDurationBounds.Length + 1];
        expected[IndexOf(50)] = 1;
        expected[IndexOf(100)] = 1;
        expected[^1] = 1;
        expected[IndexOf(10)] = 1;
        Assert.Equal(expected, heartbeat.Durations.Read());
        Assert.Equal(heartbeat.Turn - 1, heartbeat.Durations.Read().Sum());
        Assert.Equal(QueueStatistics.TurnDurationBounds.Order(), QueueStatistics.TurnDurationBounds);
    }

    private static int IndexOf(int microseconds) => QueueStatistics.TurnDurationBounds.IndexOf(TimeSpan.FromMicroseconds(microseconds));
}
