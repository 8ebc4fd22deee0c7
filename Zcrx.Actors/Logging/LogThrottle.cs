namespace Zcrx.Actors.Logging;

/// <summary>Decides which of many similar log events are written. The caller passes the time. Not thread-safe.</summary>
/// <remarks>
/// Each event id has its own limit. Only the first written event of a code location has a stack trace, because later events would repeat
/// it.
/// </remarks>
/// <param name="burst">The maximum number of events with the same id that are written in an interval.</param>
/// <param name="interval">The interval.</param>
internal sealed class LogThrottle(int burst, TimeSpan interval)
{
    // The maximum number of remembered locations. Events of further locations have no stack trace, so that an attacker cannot fill the
    // memory.
    private const int MostPlaces = 256;

    private readonly Dictionary<int, Window> _windows = [];
    private readonly HashSet<string> _places = new(StringComparer.Ordinal);

    /// <summary>Decides whether an event is written, and whether with a stack trace.</summary>
    /// <param name="id">The event's id.</param>
    /// <param name="place">Returns the code location of the event. Called only for an event that is written.</param>
    /// <param name="now">The current time.</param>
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

    /// <summary>Returns how many suppressed events were not reported yet, by event id. Resets these numbers.</summary>
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
