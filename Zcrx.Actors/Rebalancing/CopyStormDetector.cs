namespace Zcrx.Actors.Rebalancing;

/// <summary>Detects copy storms from samples of the counters of one queue. The caller passes the time.</summary>
internal sealed class CopyStormDetector(ZcrxRebalancingOptions options)
{
    private long _received;
    private long _copied;
    private bool _hasSample;
    private int _bad;
    private int _good;
    private TimeSpan _restUntil;

    /// <summary>Gets a value indicating whether a copy storm is in progress.</summary>
    public bool IsStorm { get; private set; }

    /// <summary>Gets a value indicating whether a copy storm is in progress or the last sample indicates one.</summary>
    public bool IsSuspicious => IsStorm || _bad > 0;

    /// <summary>Gets the copied fraction of the received bytes in the last evaluated sample.</summary>
    public double Share { get; private set; }

    /// <summary>Evaluates the bytes that the queue has received since the last evaluated sample. The calls need not be periodic.</summary>
    /// <param name="received">The number of bytes received since the queue was opened.</param>
    /// <param name="copied">The number of bytes copied since the queue was opened.</param>
    public void Observe(long received, long copied)
    {
        if (!_hasSample || received < _received || copied < _copied)
        {
            // The first sample is only a base for the next one. So is a sample with lower counters, because the queue was opened again.
            (_received, _copied, _hasSample) = (received, copied, true);
            return;
        }

        long bytes = received - _received;
        if (bytes < options.MinSampleBytes)
        {
            // The sample is too small to be representative. Its bytes are evaluated together with the next sample.
            return;
        }

        Share = Math.Min(1, (double)(copied - _copied) / bytes);
        (_received, _copied) = (received, copied);
        _bad = Share >= options.StormShare ? _bad + 1 : 0;
        _good = Share < options.CalmShare ? _good + 1 : 0;
        // A share between CalmShare and StormShare does not change the state.
        IsStorm = IsStorm ? _good < options.StormSamples : _bad >= options.StormSamples;
    }

    /// <summary>Determines whether a storm is in progress and the cool-down after the last action is over.</summary>
    /// <param name="now">The time of a monotonic clock.</param>
    public bool MayAct(TimeSpan now) => IsStorm && now >= _restUntil;

    /// <summary>
    /// Records that the rebalancer has acted. It must not act again before the cool-down is over and the effect is visible.
    /// </summary>
    public void Acted(TimeSpan now) => _restUntil = now + options.CoolDown;
}
