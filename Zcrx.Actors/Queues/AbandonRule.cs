namespace Zcrx.Actors.Queues;

/// <summary>Decides whether a stuck ring thread may be abandoned. The caller passes the time.</summary>
/// <remarks>
/// One observation is not enough. After a pause of the process or of the virtual machine, the turn of a healthy thread seems to have lasted
/// very long. The thread leaves this turn as soon as it runs again.
/// </remarks>
/// <param name="stuckAfter">The duration of a turn after which the thread counts as stuck.</param>
internal sealed class AbandonRule(TimeSpan stuckAfter)
{
    /// <summary>The minimum time between two observations of the same stuck turn. After the second, the thread may be abandoned.</summary>
    public static readonly TimeSpan Confirmation = TimeSpan.FromMilliseconds(300);

    private long? _turn;
    private TimeSpan _since;

    /// <summary>Observes the ring thread.</summary>
    /// <param name="turn">The number of the thread's current turn, which is one pass of its loop.</param>
    /// <param name="busyFor">The time since the turn began; zero while the thread sleeps.</param>
    /// <param name="now">The time of the observation.</param>
    /// <returns>True if an observation at least <see cref="Confirmation"/> earlier found the thread stuck in the same turn.</returns>
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
