using System.Diagnostics;
using Zcrx.TestSupport;

namespace Zcrx.Chaos.Faults;

/// <summary>Takes a link down and up again, and remembers the long outages. Threading: any thread.</summary>
/// <param name="link">The link to the senders.</param>
/// <param name="limit">The time after which the server ends a connection whose peer is silent.</param>
internal sealed class LinkOutages(LinkSwitch link, TimeSpan limit)
{
    // An outage longer than this may end a stream. After the outage, TCP may wait for the same time again before it retransmits. Before the
    // outage, the peer may already have been silent.
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

    /// <summary>Determines whether a long outage may have ended a stream that started at a certain time.</summary>
    /// <param name="began">The timestamp of the stream's start.</param>
    public bool MayHaveEnded(long began)
    {
        lock (_gate)
        {
            return (_since is { } since && Stopwatch.GetElapsedTime(since) > _long) || _longOutages.Exists(outage => outage.To > began);
        }
    }
}
