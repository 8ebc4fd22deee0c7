using Zcrx.Interop;

namespace Zcrx.Actors.Streams;

/// <summary>
/// Holds the unacknowledged items and the waiting items of one stream to an actor, and the sources that are paused because of them.
/// </summary>
/// <remarks>
/// Both bounds are exact. But an item that alone exceeds the byte bound is accepted if no other item is in flight.
/// <see cref="ActorDelivery"/> uses this object under its lock.
/// </remarks>
internal sealed class DeliveryWindow(int maxUnacknowledged, long maxUnacknowledgedBytes)
{
    private readonly HashSet<ZcrxStream.Item> _sent = [];
    // Items that wait to be sent. Only merged sources let several of them wait, because a single source delivers nothing while it is
    // paused.
    private readonly Queue<ZcrxStream.Item> _waiting = new();
    private readonly List<IBufferSource> _held = [];
    private long _sentBytes;
    private long _waitingBytes;
    private long _position;

    /// <summary>Gets the source of the last item; null before the first item.</summary>
    public IBufferSource? LastSource { get; private set; }

    public bool HasUnacknowledged => _sent.Count > 0;

    public bool HasWaiting => _waiting.Count > 0;

    /// <summary>Gets the number of unacknowledged and waiting items. Outside the lock the value is approximate.</summary>
    public int InFlight => _sent.Count + _waiting.Count;

    private long BytesInFlight => _sentBytes + _waitingBytes;

    /// <summary>Adds an item at the end, and pauses its source if a further item might exceed a bound.</summary>
    /// <param name="item">The item.</param>
    /// <param name="mostBytes">
    /// The maximum number of bytes of the next item. 0 for frames, whose source calls <see cref="Admits"/> before each item.
    /// </param>
    public void Add(ZcrxStream.Item item, long mostBytes)
    {
        LastSource = item.Source;
        _position = item.StreamOffset + item.Length;
        _waiting.Enqueue(item);
        _waitingBytes += item.Length;
        Admits(item.Source, mostBytes);
    }

    /// <summary>Determines whether a source may deliver another item now. If not, the source is paused until the bounds allow it.</summary>
    /// <param name="source">The source.</param>
    /// <param name="bytes">The number of bytes of the item.</param>
    public bool Admits(IBufferSource source, long bytes)
    {
        if (InFlight < maxUnacknowledged && (InFlight == 0 || BytesInFlight + bytes <= maxUnacknowledgedBytes))
        {
            return true;
        }

        if (!_held.Contains(source))
        {
            _held.Add(source);
            source.Hold();
        }

        return false;
    }

    /// <summary>Takes the next item that may be sent, and counts it as unacknowledged. Returns null if no item may be sent.</summary>
    public ZcrxStream.Item? TakeNext()
    {
        if (_sent.Count >= maxUnacknowledged
            || !_waiting.TryPeek(out ZcrxStream.Item? item)
            || (_sent.Count > 0 && _sentBytes + item.Length > maxUnacknowledgedBytes))
        {
            return null;
        }

        _waiting.Dequeue();
        _waitingBytes -= item.Length;
        _sent.Add(item);
        _sentBytes += item.Length;
        return item;
    }

    /// <summary>Releases an item that the actor has acknowledged.</summary>
    /// <returns>False if the item was already released.</returns>
    public bool Acknowledge(ZcrxStream.Item item)
    {
        if (!_sent.Remove(item))
        {
            return false;
        }

        _sentBytes -= item.Length;
        item.Release();
        // Resumes the sources when at most half of the bounds is used, so that they are not paused and resumed with every item.
        if (InFlight == 0 || (InFlight <= maxUnacknowledged / 2 && BytesInFlight <= maxUnacknowledgedBytes / 2))
        {
            ResumeAll();
        }

        return true;
    }

    /// <summary>Releases the waiting items, and resumes the sources.</summary>
    public void ReleaseWaiting()
    {
        Release(_waiting);
        _waiting.Clear();
        _waitingBytes = 0;
        ResumeAll();
    }

    /// <summary>Releases all items, and resumes the sources.</summary>
    /// <returns>The sources of the released items.</returns>
    public HashSet<IBufferSource> ReleaseAll()
    {
        HashSet<IBufferSource> sources = [.. _sent.Concat(_waiting).Select(static item => item.Source)];
        Release(_sent);
        _sent.Clear();
        _sentBytes = 0;
        ReleaseWaiting();
        return sources;
    }

    /// <summary>Returns the stream offset of the first unacknowledged byte.</summary>
    public long FirstUnacknowledged() => _sent.Concat(_waiting).Select(static item => item.StreamOffset).Append(_position).Min();

    private static void Release(IEnumerable<ZcrxStream.Item> items)
    {
        foreach (ZcrxStream.Item item in items)
        {
            item.Release();
        }
    }

    private void ResumeAll()
    {
        foreach (IBufferSource source in _held)
        {
            source.Resume();
        }

        _held.Clear();
    }
}
