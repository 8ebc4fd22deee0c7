using System.Net;

namespace Zcrx.Rx.Limits;

/// <summary>Counts how often limits were enforced, and decides when to report. Does no I/O; not thread-safe.</summary>
/// <remarks>The first time is reported at once. Later times are combined into one report per interval.</remarks>
/// <param name="interval">The interval, in ticks.</param>
internal sealed class LimitTally(long interval)
{
    private readonly Dictionary<(ZcrxLimit Limit, string? Listener), Entry> _entries = [];
    private int _waiting;

    /// <summary>Gets the time of the next report; <see cref="long.MaxValue"/> for none.</summary>
    public long Due => _waiting == 0 ? long.MaxValue : _entries.Values.Where(static entry => entry.Count > 0).Min(static entry => entry.NextAt);

    /// <summary>Records that a limit was enforced.</summary>
    public void Add(ZcrxLimit limit, string? listener, IPEndPoint? peer, string reason, long count = 1)
    {
        if (!_entries.TryGetValue((limit, listener), out Entry? entry))
        {
            _entries.Add((limit, listener), entry = new Entry());
        }

        if (entry.Count == 0)
        {
            _waiting++;
        }

        entry.Count += count;
        (entry.Peer, entry.Reason) = (peer, reason);
    }

    /// <summary>Returns the reports that are due.</summary>
    public IReadOnlyList<LimitReport> Take(long now)
    {
        if (_waiting == 0)
        {
            return [];
        }

        List<LimitReport> due = [];
        foreach (((ZcrxLimit limit, string? listener), Entry entry) in _entries)
        {
            if (entry.Count > 0 && entry.NextAt <= now)
            {
                due.Add(new LimitReport(limit, listener, entry.Count, entry.Peer, entry.Reason));
                entry.Count = 0;
                entry.NextAt = now + interval;
                _waiting--;
            }
        }

        return due;
    }

    private sealed class Entry
    {
        public long Count { get; set; }

        public long NextAt { get; set; } = long.MinValue;

        public IPEndPoint? Peer { get; set; }

        public string Reason { get; set; } = "";
    }
}
