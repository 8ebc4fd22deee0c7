using FsCheck;
using FsCheck.Fluent;
using Zcrx.Actors.Rebalancing;

namespace Zcrx.Actors.Tests.Rebalancing;

public class CopyStormDetectorTests
{
    private static readonly ZcrxRebalancingOptions Options = new() { StormShare = 0.1, CalmShare = 0.01, StormSamples = 3, MinSampleBytes = 1000, CoolDown = TimeSpan.FromSeconds(10) };

    [Fact]
    public void Consecutive_bad_samples_begin_a_storm_and_consecutive_good_samples_end_it()
    {
        Feed feed = new();
        feed.Next(10_000, 5000).Next(10_000, 5000);
        Assert.Equal((false, true), (feed.Detector.IsStorm, feed.Detector.IsSuspicious));
        feed.Next(10_000, 1000);
        Assert.Equal((true, 0.1), (feed.Detector.IsStorm, feed.Detector.Share));
        feed.Next(10_000, 0).Next(10_000, 0);
        Assert.True(feed.Detector.IsStorm);
        feed.Next(10_000, 99);
        Assert.Equal((false, false), (feed.Detector.IsStorm, feed.Detector.IsSuspicious));
    }

    [Fact]
    public void A_good_sample_in_between_resets_the_count()
    {
        Feed feed = new();
        feed.Next(10_000, 5000).Next(10_000, 5000).Next(10_000, 999).Next(10_000, 5000).Next(10_000, 5000);
        Assert.False(feed.Detector.IsStorm);
    }

    [Fact]
    public void Share_between_the_two_limits_neither_begins_nor_ends_a_storm()
    {
        Feed feed = new();
        feed.Repeat(10, 10_000, 500);
        Assert.False(feed.Detector.IsStorm);
        feed.Repeat(3, 10_000, 1000).Repeat(10, 10_000, 500);
        Assert.True(feed.Detector.IsStorm);
    }

    [Fact]
    public void Little_traffic_is_not_evaluated_until_it_has_added_up()
    {
        Feed feed = new();
        feed.Repeat(9, 250, 250);
        Assert.False(feed.Detector.IsStorm);
        feed.Repeat(3, 250, 250);
        Assert.True(feed.Detector.IsStorm);
        feed.Repeat(20, 0, 0);
        Assert.True(feed.Detector.IsStorm);
    }

    [Fact]
    public void Counters_that_restart_are_not_evaluated()
    {
        Feed feed = new();
        feed.Repeat(2, 10_000, 5000);
        feed.Detector.Observe(0, 0);
        feed.Detector.Observe(10_000, 0);
        Assert.Equal((false, 0.0), (feed.Detector.IsStorm, feed.Detector.Share));
    }

    [Fact]
    public void Copied_bytes_that_restart_alone_are_not_evaluated()
    {
        Feed feed = new();
        feed.Detector.Observe(1_010_000, 0);
        Assert.Equal(0, feed.Detector.Share);
        // The next sample is evaluated relative to the restarted counters.
        feed.Detector.Observe(1_020_000, 5000);
        Assert.Equal(0.5, feed.Detector.Share);
    }

    [Fact]
    public void Copied_bytes_that_are_counted_before_their_received_bytes_are_part_of_the_sample()
    {
        Feed feed = new();
        feed.Next(0, 5000).Next(10_000, 0);
        Assert.Equal(0.5, feed.Detector.Share);
    }

    [Fact]
    public void Smallest_sample_is_evaluated_and_its_share_is_at_most_one()
    {
        Feed feed = new();
        feed.Next(1000, 250);
        Assert.Equal(0.25, feed.Detector.Share);
        feed.Next(999, 999);
        Assert.Equal(0.25, feed.Detector.Share);
        feed.Next(1, 9999);
        Assert.Equal(1, feed.Detector.Share);
    }

    [Fact]
    public void Share_equal_to_CalmShare_does_not_end_a_storm()
    {
        Feed feed = new();
        feed.Repeat(3, 10_000, 5000).Repeat(10, 10_000, 100);
        Assert.True(feed.Detector.IsStorm);
    }

    [Fact]
    public void No_action_is_allowed_within_the_cool_down_and_the_next_one_only_if_the_storm_lasts()
    {
        Feed feed = new();
        feed.Repeat(3, 10_000, 10_000);
        Assert.True(feed.Detector.MayAct(TimeSpan.FromSeconds(3)));
        feed.Detector.Acted(TimeSpan.FromSeconds(3));
        feed.Repeat(5, 10_000, 10_000);
        Assert.False(feed.Detector.MayAct(TimeSpan.FromSeconds(12.9)));
        Assert.True(feed.Detector.MayAct(TimeSpan.FromSeconds(13)));
        feed.Repeat(3, 10_000, 0);
        Assert.False(feed.Detector.MayAct(TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public void A_storm_begins_only_after_three_bad_samples_and_never_changes_under_constant_load() => Prop
        .ForAll(
            Gen.Zip(Gen.Choose(0, 20_000), Gen.Choose(0, 100)).ListOf().ToArbitrary(),
            Gen.Zip(Gen.Choose(0, 20_000), Gen.Choose(0, 100)).ToArbitrary(),
            static (history, constant) =>
            {
                Feed feed = new();
                int bad = 0;
                foreach ((int bytes, int percent) in history)
                {
                    bool before = feed.Detector.IsStorm;
                    double share = feed.Detector.Share;
                    feed.Next(bytes, bytes * percent / 100);
                    bad = feed.Detector.Share >= Options.StormShare ? bad + 1 : bytes == 0 || feed.Detector.Share.Equals(share) ? bad : 0;
                    Assert.True(before || !feed.Detector.IsStorm || bad >= Options.StormSamples);
                }

                // After this number of equal samples, the state must not change any more.
                int settle = 50 + (constant.Item1 == 0 ? 0 : 5 * (int)(Options.MinSampleBytes / constant.Item1));
                feed.Repeat(settle, constant.Item1, constant.Item1 * constant.Item2 / 100);
                bool settled = feed.Detector.IsStorm;
                for (int i = 0; i < 50; i++)
                {
                    feed.Next(constant.Item1, constant.Item1 * constant.Item2 / 100);
                    Assert.Equal(settled, feed.Detector.IsStorm);
                }
            })
        .Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    private sealed class Feed
    {
        private long _received = 1_000_000;
        private long _copied = 500_000;

        public Feed() => Detector.Observe(_received, _copied);

        public CopyStormDetector Detector { get; } = new(Options);

        public Feed Next(long bytes, long copied)
        {
            Detector.Observe(_received += bytes, _copied += copied);
            return this;
        }

        public Feed Repeat(int times, long bytes, long copied)
        {
            for (int i = 0; i < times; i++)
            {
                Next(bytes, copied);
            }

            return this;
        }
    }
}
