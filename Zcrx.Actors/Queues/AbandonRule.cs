namespace Zcrx.Actors.Queues;

/// <summary>
/// Decides whether a stuck ring thread may be abandoned. It uses no clock and no thread of its own.
/// </summary>
/// <remarks>
/// One observation is not enough. After SIGSTOP, or a pause of the virtual machine, a healthy thread seems to have been in its turn for
/// a long time. It leaves that turn as soon as it runs again.
/// </remarks>
/// <param name="stuckAfter">The duration of a turn after which the thread counts as stuck.</param>
internal sealed class AbandonRule(TimeSpan stuckAfter)
{
    /// <summary>The time after which a second observation must show the same turn.</summary>
    public static readonly TimeSpan Confirmation = TimeSpan.FromMilliseconds(300);

    private long? _turn;
    private TimeSpan _since;

    /// <summary>Observes the ring thread.</summary>
    /// <param name="turn">The number of the turn.</param>
    /// <param name="busyFor">The time since the turn began; zero while the thread sleeps.</param>
    /// <param name="now">The time of the observation.</param>
    /// <returns>True if an earlier observation had found the thread stuck in the same turn.</returns>
    public bool Observe(long turn, TimeSpan busyFor, TimeSpan now)
    {
        if (busyFor < stuckAfter)
        {
            _turn = null;
            return false;
        }

        if (turn != _turn)
        {
            (_turn, _since) = (turn, now);
            return false;
        }

        return now - _since >= Confirmation;
    }
}
