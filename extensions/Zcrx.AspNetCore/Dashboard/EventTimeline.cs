using System.Globalization;

namespace Zcrx.AspNetCore.Dashboard;

/// <summary>Holds the most recent events and errors. Events that recur are counted in one entry. Threading: any thread.</summary>
internal sealed class EventTimeline(TimeProvider time, AddressMask mask)
{
    private const string Error = "error";

    // Errors have a quota of their own, so that other events cannot push them out of the timeline. timeline.js has the same quotas.
    private const int MostErrors = 100;
    private const int MostOthers = 300;

    // An event that follows another of its kind within this time is counted in the same entry. A busy peer therefore cannot push other
    // events out of the timeline.
    private static readonly TimeSpan Together = TimeSpan.FromMinutes(1);

    // Moves within this time after the first one are counted in its entry. Later moves get a new entry, because the page selects moves by
    // the time of their entry.
    private static readonly TimeSpan MovesTogether = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly LinkedList<Slot> _slots = [];
    private readonly Dictionary<string, LinkedListNode<Slot>> _open = new(StringComparer.Ordinal);
    // Distinguishes the ids of this process from those of an earlier process. In an id, a hyphen separates this text from the version, so
    // the text has no hyphen.
    private readonly string _process = Guid.NewGuid().ToString("N");
    private long _version;
    private long _id;

    /// <summary>Adds an event.</summary>
    public void Add(EventText item, DateTimeOffset? at = null)
    {
        lock (_gate)
        {
            _version++;
            string key = $"{item.Kind}/{item.Queue}/{item.To}/{item.Group}";
            if (item.Many is { } many && _open.TryGetValue(key, out LinkedListNode<Slot>? open) && time.GetElapsedTime(open.Value.Since) < (item.To is null ? Together : MovesTogether))
            {
                Slot slot = open.Value;
                int count = slot.Entry.Count + 1;
                slot.Entry = slot.Entry with { Version = _version, Level = item.Level, Count = count, Text = mask.Text($"{count.ToString(CultureInfo.InvariantCulture)} {many}") };
                slot.Since = item.To is null ? time.GetTimestamp() : slot.Since;
            }
            else
            {
                _id++;
                TimelineEntry entry = new(_id, _version, at ?? time.GetUtcNow(), item.Level, item.Kind, item.Queue, item.To, 1, mask.Text(item.Text));
                LinkedListNode<Slot> node = _slots.AddLast(new Slot(key) { Entry = entry, Since = time.GetTimestamp() });
                if (item.Many is not null)
                {
                    _open[key] = node;
                }
            }

            Trim(string.Equals(item.Level, Error, StringComparison.Ordinal));
        }
    }

    /// <summary>Returns the id of a version. A browser that reconnects sends the last id back, and receives the entries after it.</summary>
    public string IdOf(long version) => $"{_process}-{version.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>Returns the version of an id; 0 if another process has issued the id.</summary>
    public long VersionOf(string id) =>
        id.Split('-') is [var process, var version] && string.Equals(process, _process, StringComparison.Ordinal) &&
        long.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out long seen) ? seen : 0;

    /// <summary>Returns the entries that were added or changed after a version, oldest first.</summary>
    public IReadOnlyList<TimelineEntry> After(long version)
    {
        lock (_gate)
        {
            return version >= _version ? [] : [.. _slots.Select(static slot => slot.Entry).Where(entry => entry.Version > version)];
        }
    }

    /// <summary>Removes the oldest error, or the oldest other event, if there are too many.</summary>
    private void Trim(bool errors)
    {
        if (_slots.Count(slot => IsOf(slot)) <= (errors ? MostErrors : MostOthers))
        {
            return;
        }

        LinkedListNode<Slot> oldest = _slots.First!;
        while (!IsOf(oldest.Value))
        {
            oldest = oldest.Next!;
        }

        if (_open.TryGetValue(oldest.Value.Key, out LinkedListNode<Slot>? open) && open == oldest)
        {
            _open.Remove(oldest.Value.Key);
        }

        _slots.Remove(oldest);

        bool IsOf(Slot slot) => string.Equals(slot.Entry.Level, Error, StringComparison.Ordinal) == errors;
    }

    /// <summary>Holds an entry, and the values that decide whether the next event is counted in it.</summary>
    private sealed class Slot(string key)
    {
        public string Key => key;

        public required TimelineEntry Entry { get; set; }

        /// <summary>Gets or sets the timestamp of the last event in the entry; for moves, that of the first one.</summary>
        public required long Since { get; set; }
    }
}
