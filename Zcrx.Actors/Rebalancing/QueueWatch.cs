using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Rebalancing;

/// <summary>Tracks the load, the copy storm and the pressure of one queue from sample to sample.</summary>
internal sealed class QueueWatch(string name, RxQueueId? rxQueue, ZcrxRebalancingOptions options)
{
    private readonly CopyStormDetector _detector = new(options);
    private long _received;
    private TimeSpan? _observed;
    private TimeSpan _restUntil;
    private int _pressed;
    private bool _hasRoom = true;

    public RxQueueId? RxQueue => rxQueue;

    /// <summary>Gets the bytes per second between the last two samples.</summary>
    public double Load { get; private set; }

    public double CopiedShare => _detector.Share;

    public bool IsStorm => _detector.IsStorm;

    /// <summary>
    /// Gets a value indicating whether the last sample shows pressure or signs of a storm. The load of the queue's connections must then be
    /// measured.
    /// </summary>
    public bool IsOfInterest => _detector.IsSuspicious || _pressed > 0;

    public StormChange Observe(TimeSpan now, long received, long copied, PoolPressureLevel pressure)
    {
        if (_observed is { } before && received >= _received && now > before)
        {
            Load = (received - _received) / (now - before).TotalSeconds;
        }

        (_observed, _received) = (now, received);
        _hasRoom = pressure == PoolPressureLevel.Normal;
        _pressed = _hasRoom ? 0 : _pressed + 1;
        if (rxQueue is null)
        {
            // Without a NIC the kernel copies all payload, so copying indicates no storm.
            return StormChange.None;
        }

        bool wasStorm = _detector.IsStorm;
        _detector.Observe(received, copied);
        return (wasStorm, _detector.IsStorm) switch
        {
            (false, true) => StormChange.Began,
            (true, false) => StormChange.Ended,
            _ => StormChange.None,
        };
    }

    public QueueFacts ToFacts(TimeSpan now) => new(name, rxQueue, Load, _detector.MayAct(now), _pressed >= options.PressureSamples && now >= _restUntil, _hasRoom);

    /// <summary>Begins the cool-down of the queue, because a plan was made for it. The plan may contain no action.</summary>
    public void Acted(TimeSpan now)
    {
        _detector.Acted(now);
        _restUntil = now + options.CoolDown;
    }
}

/// <summary>Specifies how a sample has changed the state of a storm.</summary>
internal enum StormChange
{
    None,
    Began,
    Ended,
}
