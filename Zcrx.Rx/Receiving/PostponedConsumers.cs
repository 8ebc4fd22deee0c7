using Zcrx.Interop.Leases;

namespace Zcrx.Rx.Receiving;

/// <summary>
/// Holds the consumers of one connection that lease the rest of a buffer until the connection is no longer paused. Ring thread only,
/// except <see cref="BytesWaiting"/>.
/// </summary>
internal sealed class PostponedConsumers
{
    private readonly List<IPostponedConsumer> _consumers = [];
    private long _bytesWaiting;

    /// <summary>Gets a value indicating whether bytes wait. Consumers that have ended do not count.</summary>
    public bool IsAny
    {
        get
        {
            if (_consumers.Count > 0)
            {
                _consumers.RemoveAll(static consumer => consumer.HasEnded);
                Count();
            }

            return _consumers.Count > 0;
        }
    }

    /// <summary>Gets the number of bytes that wait. Thread-safe.</summary>
    public long BytesWaiting => Volatile.Read(ref _bytesWaiting);

    /// <summary>Returns the number of bytes that wait for the consumer that is furthest behind.</summary>
    public long MostWaiting()
    {
        long most = 0;
        foreach (IPostponedConsumer consumer in _consumers)
        {
            most = consumer.HasEnded ? most : long.Max(most, consumer.BytesWaiting);
        }

        return most;
    }

    /// <summary>Returns a copy of the bytes that wait for the consumer that is furthest behind.</summary>
    public byte[] CopyMostWaiting() => _consumers.Where(static consumer => !consumer.HasEnded).MaxBy(static consumer => consumer.BytesWaiting)?.CopyWaiting() ?? [];

    public void Add(IPostponedConsumer consumer)
    {
        if (!_consumers.Contains(consumer))
        {
            _consumers.Add(consumer);
        }

        Count();
    }

    /// <summary>Delivers the waiting bytes until the connection is paused again or closed.</summary>
    public void Continue(ConnectionControl control)
    {
        for (int i = _consumers.Count - 1; i >= 0 && !control.IsPaused && !control.CloseRequested; i--)
        {
            // The loop runs backwards, so that consumers that are added by these calls are not called now.
            if (!_consumers[i].Continue())
            {
                _consumers.RemoveAt(i);
            }
        }

        Count();
    }

    /// <summary>Returns the consumers that have not ended.</summary>
    public IPostponedConsumer[] Waiting() => [.. _consumers.Where(static consumer => !consumer.HasEnded)];

    /// <summary>Ends the consumers whose source has ended before with a last item that waits. No item is delivered anymore.</summary>
    public void Abandon(Exception error)
    {
        // Cleared first, because an observer that is called here may end the connection again.
        IPostponedConsumer[] abandoned = [.. _consumers];
        _consumers.Clear();
        Count();
        foreach (IPostponedConsumer consumer in abandoned)
        {
            consumer.Abandon(error);
        }
    }

    private void Count()
    {
        long bytes = 0;
        foreach (IPostponedConsumer consumer in _consumers)
        {
            bytes += consumer.BytesWaiting;
        }

        Volatile.Write(ref _bytesWaiting, bytes);
    }
}
