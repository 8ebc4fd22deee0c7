using Zcrx.Interop;

namespace Zcrx.Actors.Rebalancing;

/// <summary>What is remembered of one connection between readings.</summary>
internal sealed class ConnectionWatch(long received, TimeSpan now)
{
    private long _received = received;
    private TimeSpan _read = now;

    /// <summary>Bytes per second between the last two readings; null while there was only one.</summary>
    public double? Load { get; private set; }

    /// <summary>Until then it is left alone.</summary>
    public TimeSpan RestUntil { get; set; }

    /// <summary>Where a flow rule of ours sends it.</summary>
    public RxQueueId? SteeredTo { get; set; }

    public void Read(long received, TimeSpan now)
    {
        if (now > _read)
        {
            Load = (received - _received) / (now - _read).TotalSeconds;
            (_received, _read) = (received, now);
        }
    }
}
