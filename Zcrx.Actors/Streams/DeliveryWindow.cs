using Zcrx.Interop;

namespace Zcrx.Actors.Streams;

/// <summary>Holds the buffers of one stream to an actor: those that are sent and unacknowledged, those that wait, and the sources that are
/// paused for them.</summary>
/// <remarks>Used by <see cref="ActorDelivery"/> under its lock.</remarks>
internal sealed class DeliveryWindow(int maxUnacknowledged)
{
    private readonly HashSet<ZcrxStream.Data> _sent = [];
    private readonly Queue<ZcrxStream.Data> _waiting = new();
    private readonly List<IBufferSource> _held = [];
    private long _position;

    /// <summary>Gets the source of the last buffer; null before the first.</summary>
    public IBufferSource? LastSource { get; private set; }

    public bool HasUnacknowledged => _sent.Count > 0;

    public bool HasWaiting => _waiting.Count > 0;

    private int InFlight => _sent.Count + _waiting.Count;

    /// <summary>Adds a buffer behind the others, and pauses its source if there are too many.</summary>
    public void Add(ZcrxStream.Data data)
    {
        LastSource = data.Source;
        _position = data.StreamOffset + data.Lease.Length;
        _waiting.Enqueue(data);
        if (InFlight >= maxUnacknowledged && !_held.Contains(data.Source))
        {
            _held.Add(data.Source);
            data.Source.Hold();
        }
    }

    /// <summary>Takes the next buffer that may be sent; it is unacknowledged from now on.</summary>
    public ZcrxStream.Data? TakeNext()
    {
        if (_sent.Count >= maxUnacknowledged || !_waiting.TryDequeue(out ZcrxStream.Data? data))
        {
            return null;
        }

        _sent.Add(data);
        return data;
    }

    /// <summary>Releases a buffer that was sent.</summary>
    /// <returns>False when it is released already.</returns>
    public bool Acknowledge(ZcrxStream.Data data)
    {
        if (!_sent.Remove(data))
        {
            return false;
        }

        data.Lease.Dispose();
        // Half: so that connections do not flap with every buffer.
        if (InFlight <= maxUnacknowledged / 2)
        {
            ResumeAll();
        }

        return true;
    }

    /// <summary>Releases what has not been sent; sources continue.</summary>
    public void ReleaseWaiting()
    {
        Release(_waiting);
        _waiting.Clear();
        ResumeAll();
    }

    /// <summary>Releases everything; sources continue.</summary>
    /// <returns>The sources of what was released.</returns>
    public HashSet<IBufferSource> ReleaseAll()
    {
        HashSet<IBufferSource> sources = [.. _sent.Concat(_waiting).Select(static data => data.Source)];
        Release(_sent);
        _sent.Clear();
        ReleaseWaiting();
        return sources;
    }

    /// <summary>Returns the position of the first byte that is not acknowledged.</summary>
    public long FirstUnacknowledged() => _sent.Concat(_waiting).Select(static data => data.StreamOffset).Append(_position).Min();

    private static void Release(IEnumerable<ZcrxStream.Data> buffers)
    {
        foreach (ZcrxStream.Data data in buffers)
        {
            data.Lease.Dispose();
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
