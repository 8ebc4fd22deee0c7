namespace Zcrx.Actors.Rebalancing;

/// <summary>Detects copy storms from samples of one queue's counters. Pure: the time is an argument.</summary>
internal sealed class CopyStormDetector(ZcrxRebalancingOptions options)
{
    private long _received;
    private long _copied;
    private bool _hasSample;
    private int _bad;
    private int _good;
    private TimeSpan _restUntil;

    /// <summary>Gets a value indicating whether there is a storm.</summary>
    public bool IsStorm { get; private set; }

    /// <summary>Gets a value indicating whether there is a storm, or the last sample indicates one.</summary>
    public bool IsSuspicious => IsStorm || _bad > 0;

    /// <summary>Gets the copied part of the bytes that were received between the last two samples with enough bytes.</summary>
    public double Share { get; private set; }

    /// <summary>Takes a sample. It may be called more than once an interval: each sample is judged by the bytes since the last one.</summary>
    /// <param name="received">Bytes received since the queue was opened.</param>
    /// <param name="copied">Bytes copied since the queue was opened.</param>
    public void Observe(long received, long copied)
    {
        if (!_hasSample || received < _received || copied < _copied)
        {
            // The first sample, or the queue was opened again.
            (_received, _copied, _hasSample) = (received, copied, true);
            return;
        }

        long bytes = received - _received;
        if (bytes < options.MinSampleBytes)
        {
            // Little traffic is no evidence. It counts with the next sample.
            return;
        }

        Share = Math.Min(1, (double)(copied - _copied) / bytes);
        (_received, _copied) = (received, copied);
        _bad = Share >= options.StormShare ? _bad + 1 : 0;
        _good = Share < options.CalmShare ? _good + 1 : 0;
        // Between the two shares the state does not change.
        IsStorm = IsStorm ? _good < options.StormSamples : _bad >= options.StormSamples;
    }

    /// <summary>Determines whether the rebalancer may act now.</summary>
    /// <param name="now">A time that never decreases.</param>
    public bool MayAct(TimeSpan now) => IsStorm && now >= _restUntil;

    /// <summary>Records that the rebalancer has acted. It rests until the effect is visible.</summary>
    public void Acted(TimeSpan now) => _restUntil = now + options.CoolDown;
}
