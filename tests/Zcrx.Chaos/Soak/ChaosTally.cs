using System.Collections.Concurrent;

namespace Zcrx.Chaos.Soak;

/// <summary>Counts how streams ended. Threading: any thread.</summary>
internal sealed class ChaosTally
{
    private const int MostViolations = 20;

    private readonly ConcurrentDictionary<string, int> _told = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _violations = new();
    private long _opened;
    private long _survived;
    private long _survivedFaults;
    private long _unserved;
    private long _bytes;
    private long _leases;
    private long _violationCount;

    public long Opened => Interlocked.Read(ref _opened);

    /// <summary>Gets the number of streams of which every byte has arrived.</summary>
    public long Survived => Interlocked.Read(ref _survived);

    /// <summary>Gets the number of streams of which every byte has arrived although their connection left its queue.</summary>
    public long SurvivedFaults => Interlocked.Read(ref _survivedFaults);

    /// <summary>Gets the number of connections that were reset before a consumer received them.</summary>
    public long Unserved => Interlocked.Read(ref _unserved);

    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Gets the number of leases whose bytes were checked after a while. Their queue may have failed by then.</summary>
    public long Leases => Interlocked.Read(ref _leases);

    public long Violations => Interlocked.Read(ref _violationCount);

    public IReadOnlyCollection<string> Described => _violations;

    /// <summary>Gets the number of streams that have ended with each error.</summary>
    public IReadOnlyDictionary<string, int> Told => _told;

    public void Open() => Interlocked.Increment(ref _opened);

    public void Survive(long bytes, bool overFaults)
    {
        Interlocked.Increment(ref _survived);
        Interlocked.Add(ref _survivedFaults, overFaults ? 1 : 0);
        Interlocked.Add(ref _bytes, bytes);
    }

    public void Tell(string reason, long bytes)
    {
        _told.AddOrUpdate(reason, 1, static (_, count) => count + 1);
        Interlocked.Add(ref _bytes, bytes);
    }

    public void LeaveUnserved() => Interlocked.Increment(ref _unserved);

    public void CheckLease() => Interlocked.Increment(ref _leases);

    public void Violate(string what)
    {
        if (Interlocked.Increment(ref _violationCount) <= MostViolations)
        {
            _violations.Enqueue(what);
        }
    }
}
