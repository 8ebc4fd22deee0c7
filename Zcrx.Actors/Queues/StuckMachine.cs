namespace Zcrx.Actors.Queues;

/// <summary>
/// Decides whether a queue is stuck, from the duration of the current turn of its ring thread. The caller passes this duration.
/// </summary>
internal sealed class StuckMachine(TimeSpan stuckAfter, TimeSpan notLiveAfter)
{
    private bool _isStuck;
    private bool _failsLiveness;

    /// <summary>Observes the ring thread.</summary>
    /// <param name="busyFor">The time since the current turn began; zero while the thread sleeps.</param>
    /// <returns>The change since the last call.</returns>
    public StuckStep Observe(TimeSpan busyFor)
    {
        if (busyFor < stuckAfter)
        {
            bool was = _isStuck;
            (_isStuck, _failsLiveness) = (false, false);
            return was ? StuckStep.Ended : StuckStep.None;
        }

        if (!_isStuck)
        {
            _isStuck = true;
            return StuckStep.Began;
        }

        if (!_failsLiveness && busyFor >= notLiveAfter)
        {
            _failsLiveness = true;
            return StuckStep.FailsLiveness;
        }

        return StuckStep.None;
    }
}
