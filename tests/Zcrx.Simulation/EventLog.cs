using System.Globalization;

namespace Zcrx.Simulation;

/// <summary>Records the events of a simulation. Two runs are equal if their hashes are equal.</summary>
internal sealed class EventLog(VirtualClock clock, bool keepsLines)
{
    private const ulong Prime = 1099511628211;

    private readonly List<string> _lines = [];

    /// <summary>Gets the number of events.</summary>
    public int Count { get; private set; }

    /// <summary>Gets the hash of all events and their times (FNV-1a).</summary>
    public ulong Hash { get; private set; } = 14695981039346656037;

    /// <summary>Gets the recorded lines; empty if the log keeps only the hash.</summary>
    public IReadOnlyList<string> Lines => _lines;

    /// <summary>Adds a decision of the scheduler.</summary>
    public void AddDecision(int number, string text) => Add(string.Create(CultureInfo.InvariantCulture, $"{number,4}. {text}"));

    /// <summary>Adds an event that results from a decision.</summary>
    public void AddEvent(string text) => Add("        " + text);

    private void Add(string text)
    {
        Count++;
        ulong hash = Hash;
        foreach (char character in text)
        {
            hash = (hash ^ character) * Prime;
        }

        Hash = (hash ^ (ulong)clock.Elapsed.Ticks) * Prime;
        if (keepsLines)
        {
            _lines.Add(string.Create(CultureInfo.InvariantCulture, $"{clock.Elapsed.TotalMilliseconds,10:0.0} ms {text}"));
        }
    }
}
