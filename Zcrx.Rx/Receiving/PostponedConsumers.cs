using Zcrx.Interop.Leases;

namespace Zcrx.Rx.Receiving;

/// <summary>
/// Holds the consumers of one connection that keep the rest of a buffer while the connection is paused. Ring thread only, except
/// <see cref="BytesWaiting"/>.
/// </summary>
internal sealed class PostponedConsumers
{
    private readonly List<IPostponedConsumer> _consumers = [];
    private long _bytesWaiting;

    /// <summary>Gets a value indicating whether any consumer keeps bytes. Consumers that have ended do not count.</summary>
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

    /// <summary>Gets the number of bytes that the consumers keep. Thread-safe.</summary>
    public long BytesWaiting => Volatile.Read(ref _bytesWaiting);

    /// <summary>Returns the largest number of bytes that one consumer keeps.</summary>
    public long MostWaiting()
    {
        long most = 0;
        foreach (IPostponedConsumer consumer in _consumers)
        {
            most = consumer.HasEnded ? most : long.Max(most, consumer.BytesWaiting);
        }

        return most;
    }

    /// <summary>Returns a copy of the bytes of the consumer that keeps the most.</summary>
    public byte[] CopyMostWaiting() => _consumers.Where(static consumer => !consumer.HasEnded).MaxBy(static consumer => consumer.BytesWaiting)?.CopyWaiting() ?? [];

    public void Add(IPostponedConsumer consumer)
    {
        if (!_consumers.Contains(consumer))
        {
            _consumers.Add(consumer);
        }

        Count();
    }

    /// <summary>Passes the kept bytes to their consumers until the connection is paused again or closed.</summary>
    public void Continue(ConnectionControl control)
    {
        for (int i = _consumers.Count - 1; i >= 0 && !control.IsPaused && !control.CloseRequested; i--)
        {
            // A consumer may add others during this call. The loop runs backwards, so that those are not called now.
            if (!_consumers[i].Continue())
            {
                _consumers.RemoveAt(i);
            }
        }

        Count();
    }

    /// <summary>Returns the consumers that keep bytes and have not ended.</summary>
    public IPostponedConsumer[] Waiting() => [.. _consumers.Where(static consumer => !consumer.HasEnded)];

    /// <summary>
    /// Ends the consumers with an error. Affects only a consumer whose source has ended and that still keeps its last item.
    /// </summary>
    public void Abandon(Exception error)
    {
        // Cleared first, because an observer that these calls reach may end the connection again.
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
