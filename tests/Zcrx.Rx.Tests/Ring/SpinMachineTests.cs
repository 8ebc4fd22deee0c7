using FsCheck;
using FsCheck.Fluent;
using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Tests.Ring;

/// <summary>Tests when a ring thread spins before it sleeps, and how long.</summary>
public class SpinMachineTests
{
    private const long Limit = 1000;

    [Fact]
    public void First_wait_after_completions_spins_and_a_wait_without_completions_does_not()
    {
        SpinMachine machine = new(Limit);

        Assert.Equal(0, machine.Begin(0, isActive: false));
        Assert.InRange(machine.Begin(0, isActive: true), 1, Limit);
    }

    [Fact]
    public void Limit_of_zero_never_spins() => Prop
        .ForAll(
            Waits.ToArbitrary(),
            static waits => waits.All(wait => new SpinMachine(0).Begin(wait.Elapsed, wait.IsActive) == 0))
        .QuickCheckThrowOnFailure();

    [Fact]
    public void Spin_that_fails_is_followed_by_pauses_that_double_up_to_the_longest()
    {
        SpinMachine machine = new(Limit);
        long now = 0;
        List<long> pauses = [];
        for (int i = 0; i < 8; i++)
        {
            now += Limit;
            machine.End(now, Limit, hasFound: false);
            long pause = 0;
            while (machine.Begin(now + pause, isActive: true) == 0)
            {
                pause += Limit;
            }

            pauses.Add(pause / Limit);
            now += pause;
        }

        Assert.Equal([32, 64, 128, 256, 512, 1024, 1024, 1024], pauses);
    }

    [Fact]
    public void Spin_that_finds_completions_ends_the_pauses_and_a_few_more_make_spinning_worthwhile()
    {
        SpinMachine machine = new(Limit);
        for (int i = 0; i < 50; i++)
        {
            machine.End(0, Limit, hasFound: false);
        }

        Assert.False(machine.IsWorthwhile);
        int needed = 0;
        while (!machine.IsWorthwhile)
        {
            // The failed spins have started a pause, which is over at this time. Spins that find completions start no further pause.
            Assert.Equal(Limit, machine.Begin(SpinMachine.LongestPause * Limit, isActive: true));
            machine.End(0, 10, hasFound: true);
            needed++;
        }

        Assert.InRange(needed, 2, 8);
    }

    [Fact]
    public void Length_follows_the_usual_time_until_completions_arrive()
    {
        SpinMachine machine = new(Limit);
        for (int i = 0; i < 100; i++)
        {
            machine.End(0, 100, hasFound: true);
        }

        Assert.InRange(machine.Begin(0, isActive: true), 200, Limit / 2);
        for (int i = 0; i < 100; i++)
        {
            machine.End(0, 900, hasFound: true);
        }

        Assert.Equal(Limit, machine.Begin(0, isActive: true));
    }

    [Fact]
    public void Spins_stay_within_the_limit_and_their_failures_within_the_bound_of_the_cost() => Prop
        .ForAll(
            Waits.ToArbitrary(),
            static waits =>
            {
                SpinMachine machine = new(Limit);
                long now = 0;
                long wasted = 0;
                int found = 0;
                foreach ((int elapsed, bool isActive, int arrival) in waits)
                {
                    now += elapsed;
                    long length = machine.Begin(now, isActive);
                    Assert.InRange(length, 0, isActive ? Limit : 0);
                    if (length == 0)
                    {
                        continue;
                    }

                    bool hasFound = arrival < length;
                    long spent = hasFound ? arrival : length;
                    now += spent;
                    machine.End(now, spent, hasFound);
                    wasted += hasFound ? 0 : spent;
                    found += hasFound ? 1 : 0;
                }

                // After a spin that finds something, at most six spins fail before the first pause. Each further failed spin starts another
                // pause.
                Assert.InRange(wasted, 0, ((found + 1) * 6 * Limit) + (now / SpinMachine.ShortestPause));
            })
        .QuickCheckThrowOnFailure();

    /// <summary>
    /// Generates waits: the time since the previous wait, whether it follows activity, and the time until a completion arrives.
    /// </summary>
    private static Gen<List<(int Elapsed, bool IsActive, int Arrival)>> Waits =>
        from usual in Gen.Elements(5, 300, 1500, 40_000)
        from waits in (
            from elapsed in Gen.Frequency((4, Gen.Choose(0, 200)), (1, Gen.Choose(0, 100_000)))
            from isActive in Gen.Frequency((9, Gen.Constant(true)), (1, Gen.Constant(false)))
            from arrival in Gen.Frequency((5, Gen.Choose(0, 2 * usual)), (1, Gen.Choose(0, 3000)))
            select (elapsed, isActive, arrival)).ListOf(200)
        select waits.ToList();
}
