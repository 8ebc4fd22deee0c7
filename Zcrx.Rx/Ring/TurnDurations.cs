using System.Collections.Immutable;

namespace Zcrx.Rx.Ring;

/// <summary>Counts the turns of a ring thread by their duration. The ring thread writes and any thread reads.</summary>
/// <remarks>Each turn costs a few comparisons and one write. There is no cost per buffer.</remarks>
internal sealed class TurnDurations
{
    /// <summary>The upper bounds of the groups in which turns are counted.</summary>
    public static readonly ImmutableArray<TimeSpan> Bounds =
        [.. new[] { 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 100_000, 1_000_000 }.Select(static microseconds => TimeSpan.FromMicroseconds(microseconds))];

    private readonly long[] _bounds;
    private readonly long[] _counts;

    public TurnDurations(RingClock clock)
    {
        _bounds = [.. Bounds.Select(clock.ToTicks)];
        _counts = new long[_bounds.Length + 1];
    }

    /// <summary>Counts a turn.</summary>
    /// <param name="ticks">
    /// The duration of the turn, in ticks of the clock. A turn exactly as long as a bound belongs to the group of that bound.
    /// </param>
    public void Add(long ticks)
    {
        int bucket = 0;
        while (bucket < _bounds.Length && ticks > _bounds[bucket])
        {
            bucket++;
        }

        Volatile.Write(ref _counts[bucket], _counts[bucket] + 1);
    }

    /// <summary>Returns the number of turns for each bound, and a last number for turns longer than all bounds.</summary>
    public ImmutableArray<long> Read()
    {
        ImmutableArray<long>.Builder counts = ImmutableArray.CreateBuilder<long>(_counts.Length);
        for (int i = 0; i < _counts.Length; i++)
        {
            counts.Add(Volatile.Read(ref _counts[i]));
        }

        return counts.MoveToImmutable();
    }
}
