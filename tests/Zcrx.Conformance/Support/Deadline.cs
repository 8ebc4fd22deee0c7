using System.Diagnostics;

namespace Zcrx.Conformance.Support;

/// <summary>Waiting for conditions, not for time: long enough for an emulated CPU, so running out always means that something is wrong.</summary>
internal static class Deadline
{
    public static TimeSpan Limit => Scale.IsLong ? TimeSpan.FromMinutes(15) : TimeSpan.FromSeconds(60);

    public static void Until(Func<bool> condition, string expectation)
    {
        if (!SpinWait.SpinUntil(condition, Limit))
        {
            Assert.Fail($"not within {Limit.TotalSeconds} s: {expectation}");
        }
    }

    /// <summary>The limit as a clock, for loops that do something while they wait.</summary>
    public static Watch Start(string expectation) => new(Stopwatch.StartNew(), expectation);

    internal readonly record struct Watch(Stopwatch Clock, string Expectation)
    {
        public void Check(Func<string>? state = null)
        {
            if (Clock.Elapsed > Limit)
            {
                Assert.Fail($"not within {Limit.TotalSeconds} s: {Expectation}{(state is null ? "" : "; " + state())}");
            }
        }
    }
}
