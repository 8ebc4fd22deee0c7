using System.Diagnostics;
using Zcrx.TestSupport;

namespace Zcrx.Chaos.Faults;

/// <summary>Takes a link down, brings it up again, and remembers the outages. Threading: any thread.</summary>
/// <param name="link">The link.</param>
/// <param name="limit">The time after which the server ends a connection over the link.</param>
internal sealed class LinkOutages(LinkSwitch link, TimeSpan limit)
{
    // After an outage, TCP may wait as long as the outage before it retransmits. An outage of a quarter of the limit leaves time for this,
    // and for a silence before the outage.
    private readonly TimeSpan _long = limit / 4;
    private readonly Lock _gate = new();
    private readonly List<(long From, long To)> _longOutages = [];
    private long? _since;

    /// <summary>Takes the link down.</summary>
    public void Begin()
    {
        lock (_gate)
        {
            _since = Stopwatch.GetTimestamp();
            link.Set(isUp: false);
        }
    }

    /// <summary>Brings the link up again.</summary>
    public void End()
    {
        lock (_gate)
        {
            if (_since is not { } since)
            {
                return;
            }

            link.Set(isUp: true);
            _since = null;
            if (Stopwatch.GetElapsedTime(since) > _long)
            {
                _longOutages.Add((since, Stopwatch.GetTimestamp()));
            }
        }
    }

    /// <summary>Determines whether the link was down long enough to end a stream that began at a certain time.</summary>
    /// <param name="began">The timestamp of the beginning.</param>
    public bool MayHaveEnded(long began)
    {
        lock (_gate)
        {
            return (_since is { } since && Stopwatch.GetElapsedTime(since) > _long) || _longOutages.Exists(outage => outage.To > began);
        }
    }
}
