namespace Zcrx.Actors.Rebalancing;

/// <summary>Tells from samples of one queue's counters whether the kernel copies what should not be copied. Pure: time comes in as a number.</summary>
internal sealed class CopyStormDetector(ZcrxRebalancingOptions options)
{
    private long _received;
    private long _copied;
    private bool _hasSample;
    private int _bad;
    private int _good;
    private TimeSpan _restUntil;

    /// <summary>Whether there is a storm.</summary>
    public bool IsStorm { get; private set; }

    /// <summary>Whether there is one, or may be one soon.</summary>
    public bool IsSuspicious => IsStorm || _bad > 0;

    /// <summary>Copied part of what was received between the last two samples that had enough to say.</summary>
    public double Share { get; private set; }

    /// <summary>Takes a sample. More samples than one an interval are welcome: each is judged by what came since the last.</summary>
    /// <param name="received">Bytes received since the queue was opened.</param>
    /// <param name="copied">Bytes copied since the queue was opened.</param>
    public void Observe(long received, long copied)
    {
        if (!_hasSample || received < _received || copied < _copied)
        {
            // The first one, or of a queue that was opened again.
            (_received, _copied, _hasSample) = (received, copied, true);
            return;
        }

        long bytes = received - _received;
        if (bytes < options.MinSampleBytes)
        {
            // Little traffic is no evidence, neither way; it counts with the next sample.
            return;
        }

        Share = Math.Min(1, (double)(copied - _copied) / bytes);
        (_received, _copied) = (received, copied);
        _bad = Share >= options.StormShare ? _bad + 1 : 0;
        _good = Share < options.CalmShare ? _good + 1 : 0;
        // Between the two shares everything stays as it is.
        IsStorm = IsStorm ? _good < options.StormSamples : _bad >= options.StormSamples;
    }

    /// <summary>Whether something should be done now.</summary>
    /// <param name="now">A time that never goes back.</param>
    public bool MayAct(TimeSpan now) => IsStorm && now >= _restUntil;

    /// <summary>Something was done; its effect is to be seen before more is.</summary>
    public void Acted(TimeSpan now) => _restUntil = now + options.CoolDown;
}
