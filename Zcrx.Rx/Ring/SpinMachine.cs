namespace Zcrx.Rx.Ring;

/// <summary>
/// Decides whether a ring thread polls (spins) before it sleeps, and for how long. The decision follows from the thread's recent waits.
/// </summary>
/// <remarks>
/// <para>Has no side effects. Ring thread only. All times are in ticks of the queue's clock.</para>
/// <para>While at least half of the spins find completions, a spin may last about twice as long as the recent ones on average. Otherwise,
/// after each spin that finds nothing, the thread does not spin for some time. This pause doubles each time. A thread whose spins always
/// fail therefore spends at most 1/<see cref="ShortestPause"/> of its time on them.</para>
/// </remarks>
/// <param name="limit">The longest spin; 0 for none.</param>
internal sealed class SpinMachine(long limit)
{
    /// <summary>The length of the first pause, as a multiple of the limit.</summary>
    public const long ShortestPause = 32;

    /// <summary>The length of the longest pause, as a multiple of the limit.</summary>
    public const long LongestPause = 1024;

    // The constants of the moving average of the success rate. Full is the rate at which every spin finds completions.
    private const int Full = 1024;
    private const int Weight = 8;

    private int _rate = Full / 2;
    private long _usual = limit / 2;
    private long _pause;
    private long _pausedUntil = long.MinValue;

    /// <summary>Gets a value indicating whether at least half of the recent spins have found completions.</summary>
    public bool IsWorthwhile => _rate >= Full / 2;

    /// <summary>Returns for how long the thread spins in the wait that begins now.</summary>
    /// <param name="now">The current time.</param>
    /// <param name="isActive">Whether the last turn with completions had only a few.</param>
    /// <returns>The duration of the spin, at most the limit; 0 to sleep at once.</returns>
    public long Begin(long now, bool isActive)
    {
        if (!isActive || now < _pausedUntil)
        {
            return 0;
        }

        return IsWorthwhile ? long.Min(limit, (2 * _usual) + (limit / Weight)) : limit;
    }

    /// <summary>Records the result of a spin.</summary>
    /// <param name="now">The current time.</param>
    /// <param name="spent">The duration of the spin.</param>
    /// <param name="hasFound">Whether a completion arrived during the spin.</param>
    public void End(long now, long spent, bool hasFound)
    {
        _rate += ((hasFound ? Full : 0) - _rate) / Weight;
        _usual += (long.Min(spent, limit) - _usual) / Weight;
        if (hasFound)
        {
            _pause = 0;
        }
        else if (!IsWorthwhile)
        {
            _pause = long.Clamp(2 * _pause, ShortestPause * limit, LongestPause * limit);
            _pausedUntil = now + _pause;
        }
    }
}
