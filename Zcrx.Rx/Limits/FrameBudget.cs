using Zcrx.Interop.Leases;
using Zcrx.Rx.Options;

namespace Zcrx.Rx.Limits;

/// <summary>
/// Counts and limits the bytes that a queue's connections hold as copies for unfinished frames and pipe readers. Thread-safe.
/// </summary>
internal sealed class FrameBudget(CurrentOptions options) : IByteBudget
{
    private long _used;
    private long _refused;

    /// <summary>Gets the number of bytes that are held as copies.</summary>
    public long Used => Volatile.Read(ref _used);

    /// <summary>Gets the number of copies that were refused because of the limit.</summary>
    public long Refused => Volatile.Read(ref _refused);

    public long Limit => options.Value.MaxCopiedFrameBytes;

    public bool HasRoom(long bytes)
    {
        if (Limit == 0 || Used + bytes <= Limit)
        {
            return true;
        }

        Interlocked.Increment(ref _refused);
        return false;
    }

    public bool TryAdd(long bytes)
    {
        long limit = Limit;
        long used = Used;
        while (limit == 0 || used + bytes <= limit)
        {
            long seen = Interlocked.CompareExchange(ref _used, used + bytes, used);
            if (seen == used)
            {
                return true;
            }

            used = seen;
        }

        Interlocked.Increment(ref _refused);
        return false;
    }

    public void Add(long change) => Interlocked.Add(ref _used, change);
}
