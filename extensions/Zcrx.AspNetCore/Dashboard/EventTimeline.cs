using System.Globalization;

namespace Zcrx.AspNetCore.Dashboard;

/// <summary>Holds the most recent events and counts frequent events of one kind in one entry. Threading: any thread.</summary>
internal sealed class EventTimeline(TimeProvider time, AddressMask mask)
{
    private const int Capacity = 300;

    // Frequent events of one kind share one entry for this long, so a busy peer cannot push other events out of the timeline.
    private static readonly TimeSpan Together = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly LinkedList<TimelineEntry> _entries = [];
    private readonly Dictionary<string, (LinkedListNode<TimelineEntry> Node, long Begun)> _open = new(StringComparer.Ordinal);
    // Distinguishes the ids of this process from those of an earlier one. Contains no hyphen: a hyphen separates it from the version.
    private readonly string _process = Guid.NewGuid().ToString("N");
    private long _version;
    private long _id;

    /// <summary>Adds an event.</summary>
    public void Add(EventText item, DateTimeOffset? at = null)
    {
        lock (_gate)
        {
            _version++;
            string key = $"{item.Kind}/{item.Queue}/{item.To}";
            if (item.Many is { } many && _open.TryGetValue(key, out (LinkedListNode<TimelineEntry> Node, long Begun) open) && time.GetElapsedTime(open.Begun) < Together)
            {
                int count = open.Node.Value.Count + 1;
                open.Node.Value = open.Node.Value with { Version = _version, Count = count, Text = mask.Text($"{count.ToString(CultureInfo.InvariantCulture)} {many}") };
                return;
            }

            _id++;
            LinkedListNode<TimelineEntry> node = _entries.AddLast(new TimelineEntry(_id, _version, at ?? time.GetUtcNow(), item.Level, item.Kind, item.Queue, item.To, 1, mask.Text(item.Text)));
            if (item.Many is not null)
            {
                _open[key] = (node, time.GetTimestamp());
            }

            if (_entries.Count > Capacity)
            {
                LinkedListNode<TimelineEntry> oldest = _entries.First!;
                string oldKey = $"{oldest.Value.Kind}/{oldest.Value.Queue}/{oldest.Value.To}";
                if (_open.TryGetValue(oldKey, out (LinkedListNode<TimelineEntry> Node, long Begun) held) && held.Node == oldest)
                {
                    _open.Remove(oldKey);
                }

                _entries.RemoveFirst();
            }
        }
    }

    /// <summary>Returns the id that a viewer sends back to continue after a version.</summary>
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
            return version >= _version ? [] : [.. _entries.Where(entry => entry.Version > version)];
        }
    }
}
