using System.Globalization;

namespace Zcrx.Simulation;

/// <summary>Runs the simulations of many seeds on several threads and combines their results.</summary>
internal sealed class SimulationSearch
{
    private readonly Lock _gate = new();
    private long _next;
    private readonly bool _runsAll;
    private long _end;

    private SimulationSearch(int first, int count, bool runsAll)
    {
        _runsAll = runsAll;
        _next = first;
        _end = (long)first + count;
    }

    public int Simulations { get; private set; }

    public long Turns { get; private set; }

    public TimeSpan Time { get; private set; }

    /// <summary>Gets the combined hash, which does not depend on the order in which threads finish.</summary>
    public ulong Hash { get; private set; }

    /// <summary>Gets the failures. The failure with the lowest seed is always included.</summary>
    public List<SimulationResult> Failures { get; } = [];

    /// <summary>Runs simulations until one has failed or all have run.</summary>
    public static SimulationSearch Run(int first, int count, int threads, bool runsAll = false)
    {
        SimulationSearch search = new(first, count, runsAll);
        Thread[] workers = [.. Enumerable.Range(0, threads).Select(_ => new Thread(search.Work))];
        Array.ForEach(workers, static worker => worker.Start());
        Array.ForEach(workers, static worker => worker.Join());
        return search;
    }

    /// <summary>Returns the number of simulations, their speed and their hash.</summary>
    /// <param name="seconds">The duration of the search.</param>
    public string Describe(double seconds) => string.Create(
        CultureInfo.InvariantCulture,
        $"{Simulations} simulations in {seconds:0.0} s: {Turns / seconds:n0} turns and {Time.TotalHours / seconds:0.000} virtual hours per second, hash {Hash:x16}");

    private void Work()
    {
        while (TryTake(out int seed))
        {
            SimulationResult result = Simulator.Run(seed);
            lock (_gate)
            {
                Simulations++;
                Turns += result.Turns;
                Time += result.Time;
                Hash ^= result.Hash * (2 * (ulong)(uint)seed + 1);
                if (result.Failure is not null)
                {
                    Failures.Add(result);
                    _end = _runsAll ? _end : long.Min(_end, seed);
                }
            }
        }
    }

    private bool TryTake(out int seed)
    {
        lock (_gate)
        {
            bool isAny = _next < _end;
            seed = isAny ? (int)_next++ : 0;
            return isAny;
        }
    }
}
