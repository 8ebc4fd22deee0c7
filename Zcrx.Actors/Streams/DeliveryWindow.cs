using Zcrx.Interop;

namespace Zcrx.Actors.Streams;

/// <summary>
/// Holds the items of one stream to an actor: unacknowledged items, waiting items, and the sources that are paused for them.
/// </summary>
/// <remarks>
/// Both bounds are exact. An item that exceeds the byte bound is accepted only when it is alone. <see cref="ActorDelivery"/> uses this
/// object under its lock.
/// </remarks>
internal sealed class DeliveryWindow(int maxUnacknowledged, long maxUnacknowledgedBytes)
{
    private readonly HashSet<ZcrxStream.Item> _sent = [];
    // Filled only by merged sources: a source that is paused delivers nothing more.
    private readonly Queue<ZcrxStream.Item> _waiting = new();
    private readonly List<IBufferSource> _held = [];
    private long _sentBytes;
    private long _waitingBytes;
    private long _position;

    /// <summary>Gets the source of the last item; null before the first.</summary>
    public IBufferSource? LastSource { get; private set; }

    public bool HasUnacknowledged => _sent.Count > 0;

    public bool HasWaiting => _waiting.Count > 0;

    /// <summary>Gets the number of items that are sent or wait. Any thread may read an approximate number.</summary>
    public int InFlight => _sent.Count + _waiting.Count;

    private long BytesInFlight => _sentBytes + _waitingBytes;

    /// <summary>Adds an item behind the others, and pauses its source if another one might exceed a bound.</summary>
    /// <param name="item">The item.</param>
    /// <param name="mostBytes">The number of bytes that the next item may have at most; 0 if the source asks <see cref="Admits"/> first.</param>
    public void Add(ZcrxStream.Item item, long mostBytes)
    {
        LastSource = item.Source;
        _position = item.StreamOffset + item.Length;
        _waiting.Enqueue(item);
        _waitingBytes += item.Length;
        Admits(item.Source, mostBytes);
    }

    /// <summary>Determines whether another item may come from a source now. If not, the source is paused until there is room.</summary>
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

    /// <summary>Takes the next item that may be sent. It is unacknowledged from now on.</summary>
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

    /// <summary>Releases an item that was sent.</summary>
    /// <returns>False when it is released already.</returns>
    public bool Acknowledge(ZcrxStream.Item item)
    {
        if (!_sent.Remove(item))
        {
            return false;
        }

        _sentBytes -= item.Length;
        item.Release();
        // At half of the bounds, so that connections do not flap with every item.
        if (InFlight == 0 || (InFlight <= maxUnacknowledged / 2 && BytesInFlight <= maxUnacknowledgedBytes / 2))
        {
            ResumeAll();
        }

        return true;
    }

    /// <summary>Releases unsent items, and resumes the sources.</summary>
    public void ReleaseWaiting()
    {
        Release(_waiting);
        _waiting.Clear();
        _waitingBytes = 0;
        ResumeAll();
    }

    /// <summary>Releases everything; sources continue.</summary>
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

    /// <summary>Returns the position of the first byte that is not acknowledged.</summary>
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
