using System.Net;

namespace Zcrx.Rx.Limits;

/// <summary>Counts how often limits were enforced, and decides when to report. Does no I/O; not thread-safe.</summary>
/// <remarks>
/// The first case is reported at once. Further cases are combined into one report per interval. A report also follows when a limit no
/// longer has an effect, so the last report always describes the current state.
/// </remarks>
/// <param name="interval">The interval, in ticks.</param>
internal sealed class LimitTally(long interval)
{
    private readonly Dictionary<(ZcrxLimit Limit, string? Listener), Entry> _entries = [];
    private int _waiting;

    /// <summary>Gets the time of the next report; <see cref="long.MaxValue"/> for none.</summary>
    public long Due => _waiting == 0 ? long.MaxValue : _entries.Values.Where(static entry => entry.IsPending).Min(static entry => entry.NextAt);

    /// <summary>Records that a limit was enforced.</summary>
    public void Add(ZcrxLimit limit, string? listener, IPEndPoint? peer, string reason, long count = 1)
    {
        if (!_entries.TryGetValue((limit, listener), out Entry? entry))
        {
            _entries.Add((limit, listener), entry = new Entry());
        }

        _waiting += entry.IsPending ? 0 : 1;
        entry.Count += count;
        (entry.Peer, entry.Reason, entry.EndReason) = (peer, reason, null);
    }

    /// <summary>
    /// Records that a limit no longer has an effect. Does nothing if the limit was not enforced since this method last recorded its end.
    /// </summary>
    public void End(ZcrxLimit limit, string? listener, string reason)
    {
        if (_entries.TryGetValue((limit, listener), out Entry? entry) && (entry.Count > 0 || entry.IsReported) && entry.EndReason is null)
        {
            _waiting += entry.IsPending ? 0 : 1;
            entry.EndReason = reason;
        }
    }

    /// <summary>Returns the reports that are due. The report of an end has the count 0 and follows the report of its limit.</summary>
    public IReadOnlyList<LimitReport> Take(long now)
    {
        if (_waiting == 0)
        {
            return [];
        }

        List<LimitReport> due = [];
        foreach (((ZcrxLimit limit, string? listener), Entry entry) in _entries)
        {
            if (!entry.IsPending || entry.NextAt > now)
            {
                continue;
            }

            if (entry.Count > 0)
            {
                due.Add(new LimitReport(limit, listener, entry.Count, entry.Peer, entry.Reason));
                (entry.Count, entry.IsReported) = (0, true);
            }

            if (entry.EndReason is { } endReason)
            {
                due.Add(new LimitReport(limit, listener, 0, null, endReason));
                (entry.EndReason, entry.IsReported) = (null, false);
            }

            entry.NextAt = now + interval;
            _waiting--;
        }

        return due;
    }

    private sealed class Entry
    {
        public long Count { get; set; }

        public long NextAt { get; set; } = long.MinValue;

        public IPEndPoint? Peer { get; set; }

        public string Reason { get; set; } = "";

        /// <summary>Gets or sets why the limit no longer has an effect; null if it still has one, or if its end was reported.</summary>
        public string? EndReason { get; set; }

        /// <summary>Gets or sets a value indicating whether the last report says that the limit is enforced.</summary>
        public bool IsReported { get; set; }

        public bool IsPending => Count > 0 || EndReason is not null;
    }
}
