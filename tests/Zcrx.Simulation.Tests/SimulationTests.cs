using System.Diagnostics;
using Xunit.Abstractions;

namespace Zcrx.Simulation.Tests;

/// <summary>Simulates whole queues. If a simulation fails, <c>./build.sh simulate --seed N</c> repeats and prints it.</summary>
public class SimulationTests(ITestOutputHelper output)
{
    private const int Seeds = 10_000;

    [Fact]
    public void Every_interleaving_and_fault_of_ten_thousand_seeds_keeps_every_invariant()
    {
        long start = Stopwatch.GetTimestamp();
        SimulationSearch search = SimulationSearch.Run(0, Seeds, Environment.ProcessorCount);
        output.WriteLine(search.Describe(Stopwatch.GetElapsedTime(start).TotalSeconds));
        Assert.True(search.Failures.Count == 0, Report(search.Failures));
        Assert.Equal(Seeds, search.Simulations);
    }

    [Theory]
    [InlineData(7806)]
    [InlineData(15129)]
    [InlineData(23764)]
    [InlineData(27759)]
    [InlineData(38493)]
    public void A_seed_that_found_a_defect_keeps_every_invariant(int seed)
    {
        SimulationResult result = Simulator.Run(seed, allowsOperators: false);
        Assert.True(result.Failure is null, $"seed {seed}: {result.Failure?.Message}");
    }

    [Theory]
    [InlineData(5067)]
    [InlineData(13612)]
    [InlineData(13893)]
    public void A_seed_with_operators_that_found_a_defect_keeps_every_invariant(int seed)
    {
        SimulationResult result = Simulator.Run(seed);
        Assert.True(result.Failure is null, $"seed {seed}: {result.Failure?.Message}");
    }

    [Fact]
    public void A_seed_gives_the_same_events_each_time()
    {
        for (int seed = 0; seed < 50; seed++)
        {
            Assert.Equal(Simulator.Run(seed).Hash, Simulator.Run(seed, keepsLines: true).Hash);
        }
    }

    [Fact]
    public void A_seed_with_actors_gives_the_same_events_each_time()
    {
        SimulationResult[] first = [.. Enumerable.Range(0, 300).Select(static seed => Simulator.Run(seed)).Where(static result => result.Profile.UsesActors)];
        Assert.NotEmpty(first);
        Assert.All(first, static result => Assert.Equal(result.Hash, Simulator.Run(result.Seed).Hash));
    }

    [Fact]
    public void A_search_gives_the_same_events_on_any_number_of_threads() =>
        Assert.Equal(SimulationSearch.Run(0, 200, threads: 1).Hash, SimulationSearch.Run(0, 200, threads: 3).Hash);

    [Fact]
    public void Different_seeds_give_different_events() =>
        Assert.Equal(50, Enumerable.Range(0, 50).Select(static seed => Simulator.Run(seed).Hash).Distinct().Count());

    [Fact]
    public void The_simulations_reach_every_kind_of_event()
    {
        string events = string.Concat(Enumerable.Range(0, 400).SelectMany(static seed => Simulator.Run(seed, keepsLines: true).Lines));
        string[] expected =
        [
            "is attached", "receives", "completes at", "fails at", "has an end", "is refused", "imports queue", "is suspended", "fails", "is released", "is leased once more",
            "may continue", "find no buffer", "completion ring full", "the end of a receive is lost", "a connection is reset", "used too late", "the thread pool runs",
            "throws", "queue 1 fails", "receives a frame of", "frames in at most 0 buffers", "another thread interrupts that",
        ];
        Assert.All(expected, text => Assert.Contains(text, events, StringComparison.Ordinal));
    }

    [Fact]
    public void The_simulations_reach_every_operator_and_every_event_of_the_actors()
    {
        string events = string.Concat(Enumerable.Range(0, 1_500).SelectMany(static seed => Simulator.Run(seed, keepsLines: true).Lines));
        string[] expected =
        [
            "through Offload", "through ObserveOn", "through Process", "through Enumerable", "through Channel", "through Pipe", "through Forward", "slowly", "receives messages of",
            "the operator of", "is stopped: ", "the consumer of connection 0 continues", "forwarding connection", "runs meanwhile", "the consumer of connection 0 throws",
            "the actors log QueueRestarting", "the actors log QueueRestartRequested", "the actor of queue-1 is killed", "the supervisor of queue-0 is killed", "registrations fail",
            "gives it up", "ZcrxMemoryException", "connections of queue-0 continue on queue-0", "continue on queue-1", "of queue-1 continue on queue-0",
        ];
        Assert.All(expected, text => Assert.Contains(text, events, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--from", "2147483647", "--seeds", "10")]
    [InlineData("--from", "2", "--seeds", "2147483647")]
    public void Search_beyond_the_last_seed_is_refused(params string[] arguments) => Assert.NotEqual(0, SimulationCommandLine.Run(arguments));

    [Fact]
    public void Search_of_the_last_seed_runs_one_simulation() => Assert.Equal(1, SimulationSearch.Run(int.MaxValue, 1, threads: 2).Simulations);

    private static string Report(List<SimulationResult> failures)
    {
        if (failures.MinBy(static failure => failure.Seed) is not { } failed)
        {
            return "";
        }

        SimulationResult reduced = Simulator.Reduce(failed);
        return $"seed {failed.Seed}: {failed.Failure!.Message}{Environment.NewLine}{string.Join(Environment.NewLine, reduced.Lines)}";
    }
}
