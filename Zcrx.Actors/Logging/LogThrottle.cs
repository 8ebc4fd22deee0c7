namespace Zcrx.Actors.Logging;

/// <summary>Decides which of many equal log events are written. Pure; not thread-safe.</summary>
/// <remarks>An event is identified by its id and by the place where it happens. The first event of a place has its stack trace, since later ones would repeat it.</remarks>
/// <param name="burst">The number of events with one id that are written in an interval.</param>
/// <param name="interval">The interval.</param>
internal sealed class LogThrottle(int burst, TimeSpan interval)
{
    // Further places have no stack trace, so that an attacker cannot fill the memory.
    private const int MostPlaces = 256;

    private readonly Dictionary<int, Window> _windows = [];
    private readonly HashSet<string> _places = new(StringComparer.Ordinal);

    /// <summary>Decides about one event.</summary>
    /// <param name="id">The event's id.</param>
    /// <param name="place">Returns the identity of the place. Called only for an event that is written.</param>
    /// <param name="now">The time.</param>
    public LogDecision Decide(int id, Func<string> place, TimeSpan now)
    {
        if (!_windows.TryGetValue(id, out Window? window))
        {
            _windows.Add(id, window = new Window { Start = now });
        }

        long suppressed = 0;
        if (now - window.Start >= interval)
        {
            suppressed = window.Suppressed;
            (window.Start, window.Written, window.Suppressed) = (now, 0, 0);
        }

        if (window.Written == burst)
        {
            window.Suppressed++;
            return new LogDecision(IsWritten: false, HasTrace: false, suppressed);
        }

        window.Written++;
        return new LogDecision(IsWritten: true, HasTrace: _places.Count < MostPlaces && _places.Add(place()), suppressed);
    }

    /// <summary>Returns how many events were suppressed and not reported, by their ids, and forgets them.</summary>
    public IReadOnlyList<KeyValuePair<int, long>> TakeSuppressed()
    {
        KeyValuePair<int, long>[] suppressed = [.. _windows.Where(static pair => pair.Value.Suppressed > 0).Select(static pair => KeyValuePair.Create(pair.Key, pair.Value.Suppressed))];
        foreach (Window window in _windows.Values)
        {
            window.Suppressed = 0;
        }

        return suppressed;
    }

    private sealed class Window
    {
        public TimeSpan Start { get; set; }

        public int Written { get; set; }

        public long Suppressed { get; set; }
    }
}
