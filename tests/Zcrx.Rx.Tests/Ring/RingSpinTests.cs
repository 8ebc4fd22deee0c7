using Microsoft.Extensions.Time.Testing;
using Zcrx.Interop.Kernel;
using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Tests.Ring;

public class RingSpinTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMicroseconds(100);

    private readonly FakeTimeProvider _time = new();
    private readonly SpinSlots _slots = new(1);

    [Fact]
    public void Spin_ends_after_its_time_and_counts_it()
    {
        RingSpin spin = New(Limit);
        Begin(spin);
        while (spin.IsSpinning)
        {
            _time.Advance(TimeSpan.FromMicroseconds(10));
            spin.RecordPoll(hasFound: false);
        }

        Assert.InRange(spin.Time, TimeSpan.FromMicroseconds(10), Limit);
        Assert.Equal(spin.Time, spin.Last);
        // The spin has found nothing, so the next wait sleeps at once.
        spin.RecordActivity(1);
        spin.Begin(timeout: null);
        Assert.False(spin.IsSpinning);
    }

    [Theory]
    [InlineData(1U, 0U, true)]
    [InlineData(4U, 0U, true)]
    [InlineData(5U, 0U, false)]
    [InlineData(512U, 0U, false)]
    [InlineData(512U, 1U, true)]
    [InlineData(1U, 512U, false)]
    public void Wait_spins_after_a_turn_of_few_completions_and_not_after_bulk_data(uint completions, uint later, bool spins)
    {
        RingSpin spin = New(Limit);
        spin.RecordActivity(completions);
        spin.RecordActivity(later);
        spin.Begin(timeout: null);
        Assert.Equal(spins, spin.IsSpinning);
    }

    [Theory]
    [InlineData(4096, 4U)]
    [InlineData(8192, 2U)]
    [InlineData(16384, 1U)]
    [InlineData(1 << 20, 1U)]
    public void Few_buffers_are_16_KiB_or_a_single_larger_one(int bufferLength, uint expected) => Assert.Equal(expected, RingSpin.FewBuffers(bufferLength));

    [Fact]
    public void Spin_ends_when_completions_are_found()
    {
        RingSpin spin = New(Limit);
        Begin(spin);
        _time.Advance(TimeSpan.FromMicroseconds(10));
        spin.RecordPoll(hasFound: false);
        _time.Advance(TimeSpan.FromMicroseconds(10));
        spin.RecordPoll(hasFound: true);

        Assert.False(spin.IsSpinning);
        Assert.Equal(TimeSpan.FromMicroseconds(20), spin.Time);
        Begin(spin);
    }

    [Fact]
    public void Poll_of_a_NIC_waits_at_most_until_the_spin_ends()
    {
        TimeSpan nicPoll = TimeSpan.FromMicroseconds(60);
        RingSpin spin = new(new RingClock(_time), _slots, Limit, nicPoll);
        Begin(spin);
        Assert.Equal(nicPoll, spin.NextPoll);

        _time.Advance(TimeSpan.FromMicroseconds(70));
        spin.RecordPoll(hasFound: false);

        Assert.True(spin.IsSpinning);
        Assert.Equal(TimeSpan.FromMicroseconds(30), spin.NextPoll);
        _time.Advance(TimeSpan.FromMicroseconds(40));
        // The time of the spin is over, but one more poll must reach the NIC. It gets the shortest timeout.
        Assert.Equal(TimeSpan.FromTicks(1), spin.NextPoll);
    }

    [Fact]
    public void Completions_of_the_first_poll_do_not_count_as_a_spin()
    {
        RingSpin spin = New(Limit);
        Begin(spin);
        _time.Advance(TimeSpan.FromMicroseconds(10));
        spin.RecordPoll(hasFound: true);

        Assert.False(spin.IsSpinning);
        Assert.Equal(TimeSpan.Zero, spin.Time);
    }

    [Fact]
    public void Wait_without_activity_or_with_a_timeout_within_the_spin_sleeps_at_once()
    {
        RingSpin spin = New(Limit);
        spin.Begin(timeout: null);
        Assert.False(spin.IsSpinning);

        spin.RecordActivity(1);
        spin.Begin(TimeSpan.FromMicroseconds(5));
        Assert.False(spin.IsSpinning);
        // The recorded activity allows a spin only in the next wait, not in the one after it.
        spin.Begin(timeout: null);
        Assert.False(spin.IsSpinning);
    }

    [Fact]
    public void Spin_needs_a_free_slot_and_returns_it_at_its_end()
    {
        RingSpin first = New(Limit);
        RingSpin second = New(Limit);
        Begin(first);
        second.RecordActivity(1);
        second.Begin(timeout: null);
        Assert.False(second.IsSpinning);

        first.Stop();
        first.Stop();

        Begin(second);
        _time.Advance(Limit);
        second.RecordPoll(hasFound: false);
        Begin(first);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    [InlineData(3, 1)]
    [InlineData(8, 4)]
    public void Half_of_the_processors_may_spin(int processors, int expected)
    {
        SpinSlots slots = SpinSlots.ForProcessors(processors);

        Assert.Equal(expected, Enumerable.Range(0, processors).Count(_ => slots.TryTake()));
        for (int i = 0; i < expected; i++)
        {
            slots.Return();
        }

        Assert.Equal(expected, Enumerable.Range(0, processors).Count(_ => slots.TryTake()));
    }

    [Fact]
    public void Spin_ends_although_the_clock_stands_still()
    {
        RingSpin spin = New(Limit);
        Begin(spin);
        int polls = 0;
        while (spin.IsSpinning)
        {
            Assert.InRange(++polls, 1, 1_000_000);
            spin.RecordPoll(hasFound: false);
        }
    }

    [Fact]
    public void New_limit_applies_to_the_next_wait()
    {
        RingSpin spin = New(TimeSpan.Zero);
        spin.RecordActivity(1);
        spin.Begin(timeout: null);
        Assert.False(spin.IsSpinning);

        spin.SetLimit(Limit);
        Begin(spin);
        spin.Stop();
        spin.SetLimit(TimeSpan.Zero);

        spin.RecordActivity(1);
        spin.Begin(timeout: null);
        Assert.False(spin.IsSpinning);
    }

    private static void Begin(RingSpin spin)
    {
        spin.RecordActivity(1);
        spin.Begin(timeout: null);
        Assert.True(spin.IsSpinning);
    }

    private RingSpin New(TimeSpan limit) => new(new RingClock(_time), _slots, limit, nicPoll: TimeSpan.Zero);
}
