namespace Zcrx.Rx.Ring;

/// <summary>Decides from the recent waits of a ring thread whether it polls before it sleeps, and for how long.</summary>
/// <remarks>
/// <para>Contains no side effects. Ring thread only. Times are in ticks of the queue's clock.</para>
/// <para>While most spins find completions, the thread spins for about twice the usual time until they arrive. Otherwise each spin that
/// finds nothing is followed by a pause, and the pauses double. The pauses bound the cost: a thread whose spins always fail spends at most
/// 1/<see cref="ShortestPause"/> of its time on them.</para>
/// </remarks>
/// <param name="limit">The longest spin; 0 for none.</param>
internal sealed class SpinMachine(long limit)
{
    /// <summary>The length of the first pause, in multiples of the limit.</summary>
    public const long ShortestPause = 32;

    /// <summary>The length of the longest pause, in multiples of the limit.</summary>
    public const long LongestPause = 1024;

    // The success rate is a moving average with these weights.
    private const int Full = 1024;
    private const int Weight = 8;

    private int _rate = Full / 2;
    private long _usual = limit / 2;
    private long _pause;
    private long _pausedUntil = long.MinValue;

    /// <summary>Gets a value indicating whether at least half of the recent spins have found completions.</summary>
    public bool IsWorthwhile => _rate >= Full / 2;

    /// <summary>Returns how long the thread spins in the wait that begins now.</summary>
    /// <param name="now">The time.</param>
    /// <param name="isActive">Whether the thread has handled completions since its last wait.</param>
    /// <returns>The time, at most the limit; 0 to sleep at once.</returns>
    public long Begin(long now, bool isActive)
    {
        if (!isActive || now < _pausedUntil)
        {
            return 0;
        }

        return IsWorthwhile ? long.Min(limit, (2 * _usual) + (limit / Weight)) : limit;
    }

    /// <summary>Records a spin.</summary>
    /// <param name="now">The time.</param>
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
