using Akka.Actor;
using Zcrx.Interop;
using Zcrx.Rx.Operators;
using Zcrx.Rx.Receiving;

namespace Zcrx.Actors.Streams;

/// <summary>Delivers a stream to an actor.</summary>
/// <remarks>
/// <para>Items arrive on the ring thread, acknowledgements on any thread. State changes under a lock, in which only the source's own
/// <see cref="IBufferSource"/> and leases are called: neither waits or runs user code.</para>
/// <para>Messages are sent outside the lock, because a dispatcher may run the actor inside <c>Tell</c>. Only one thread sends at a time,
/// which keeps the order. Other threads leave their items to that thread.</para>
/// </remarks>
internal abstract class ActorDelivery(ActorSink sink, IActorRef target, DeliveryBounds bounds) : IBoundedQueue
{
    // Lock order: this one, then TargetWatch's or RingThread's wake-up.
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly DeliveryWindow _window = new(bounds.Messages, bounds.Bytes);
    private readonly TargetWatch _watch = TargetWatch.Of(target);
    private IDisposable? _subscription;
    // Keeps the connection open for replies of the actor.
    private IDisposable? _work;
    private Exception? _error;
    private ZcrxException? _abandoned;
    private bool _initSent;
    private bool _isSubscribed;
    private bool _sourceEnded;
    private bool _endSent;
    private bool _disposed;
    private bool _isSending;

    public ActorSink Sink => sink;

    int IBoundedQueue.Waiting => _window.InFlight;

    int IBoundedQueue.Bound => bounds.Messages;

    string IBoundedQueue.BoundName => "maxUnacknowledged";

    public Task Completion => _completion.Task;

    private bool IsDone => (_endSent || _disposed) && !_window.HasUnacknowledged;

    public void Begin()
    {
        _watch.Add(this);
        Send();
    }

    /// <summary>Subscribes to the source, once.</summary>
    public void Subscribe()
    {
        lock (_gate)
        {
            if (_isSubscribed || _disposed)
            {
                return;
            }

            _isSubscribed = true;
        }

        IDisposable subscription;
        try
        {
            subscription = SubscribeToSource();
        }
#pragma warning disable CA1031 // A source that throws instead of calling OnError has failed all the same.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            OnError(exception);
            return;
        }

        lock (_gate)
        {
            // An abandoned stream stays subscribed until its first item, because only an item identifies the connection to reset.
            if (!_disposed && (_abandoned is null || _window.LastSource is null))
            {
                _subscription = subscription;
                return;
            }
        }

        subscription.Dispose();
    }

    /// <summary>Sends an item, or releases it when the stream is over.</summary>
    /// <param name="item">The item.</param>
    /// <param name="mostBytes">The number of bytes that the next item may have at most; 0 if the source asks <see cref="Admits"/> first.</param>
    protected void Add(ZcrxStream.Item item, long mostBytes)
    {
        lock (_gate)
        {
            if (_disposed || _sourceEnded || _abandoned is not null)
            {
                item.Release();
                if (_abandoned is not null)
                {
                    // As with any consumer that fails, this ends the connection.
                    throw _abandoned;
                }

                return;
            }

            _work ??= ItemConnection.BeginWork(item.Source, this);
            _window.Add(item, mostBytes);
        }

        Send();
    }

    /// <summary>Determines whether another item may come from a source now. If not, the source is paused until there is room.</summary>
    public bool Admits(IBufferSource source, long length)
    {
        lock (_gate)
        {
            return _disposed || _sourceEnded || _abandoned is not null || _window.Admits(source, length);
        }
    }

    public void OnCompleted() => EndSource(null);

    public void OnError(Exception error) => EndSource(error);

    /// <summary>Handles that the actor has acknowledged an item.</summary>
    public void Acknowledge(ZcrxStream.Item item)
    {
        lock (_gate)
        {
            if (!_window.Acknowledge(item))
            {
                return;
            }
        }

        Send();
    }

    public void OnTargetEnded() => Abandon(offset => new ZcrxActorTerminatedException(target, offset));

    /// <summary>Handles that a message is about to leave the process. No acknowledgement can return, so the stream ends here.</summary>
    public void OnSerialized() => Abandon(offset => new ZcrxException(
        $"Sending a stream to {target}",
        0,
        $"a message was about to be serialized for another process when {offset} bytes had been acknowledged, and buffers are memory of this process",
        "Route and forward the messages of a stream inside this process only, and copy the bytes that another process needs"));

    /// <summary>Ends the stream for the application; see <see cref="ActorSink.Dispose"/>.</summary>
    public void Dispose()
    {
        IDisposable? subscription;
        lock (_gate)
        {
            if (_disposed || _sourceEnded || _abandoned is not null)
            {
                return;
            }

            _disposed = true;
            subscription = _subscription;
            _subscription = null;
            _window.ReleaseWaiting();
        }

        subscription?.Dispose();
        _completion.TrySetCanceled();
        Send();
    }

    /// <summary>Subscribes this delivery to its source.</summary>
    protected abstract IDisposable SubscribeToSource();

    private void EndSource(Exception? error)
    {
        lock (_gate)
        {
            if (_disposed || _sourceEnded || _abandoned is not null)
            {
                return;
            }

            _sourceEnded = true;
            _error = error;
        }

        Send();
    }

    /// <summary>
    /// Releases everything and ends the connection, because nothing can be sent or acknowledged any more. Does nothing once the stream is
    /// over.
    /// </summary>
    private void Abandon(Func<long, ZcrxException> cause)
    {
        IDisposable? subscription = null;
        HashSet<IBufferSource> sources;
        IBufferSource? last;
        lock (_gate)
        {
            if (_abandoned is not null || IsDone)
            {
                return;
            }

            _abandoned = cause(_window.FirstUnacknowledged());
            sources = _window.ReleaseAll();
            last = _window.LastSource;
            if (!_disposed && last is not null)
            {
                sources.Add(last);
                subscription = _subscription;
            }
        }

        Fail(_abandoned);
        _watch.Remove(this);
        if (last is null)
        {
            // The connection to reset is known with its first item, so a subscription is needed until then.
            Subscribe();
            return;
        }

        if (subscription is not null)
        {
            subscription.Dispose();
            foreach (IBufferSource abandoned in sources)
            {
                abandoned.Abandon();
            }
        }

        // Last: a connection whose stream has ended closes in order when no work is left, and its peer would take everything for acknowledged.
        _work?.Dispose();
    }

    /// <summary>Sends the messages that may be sent, in order, and the end behind the last item.</summary>
    private void Send()
    {
        lock (_gate)
        {
            if (_isSending)
            {
                return;
            }

            _isSending = true;
        }

        try
        {
            while (Next() is { } message)
            {
                target.Tell(message, ActorRefs.NoSender);
            }
        }
        catch
        {
            lock (_gate)
            {
                _isSending = false;
            }

            throw;
        }
    }

    /// <summary>Takes the next message that may be sent. If there is none, this thread no longer sends.</summary>
    private ZcrxStream? Next()
    {
        lock (_gate)
        {
            if (_abandoned is null)
            {
                if (!_initSent && !_disposed)
                {
                    _initSent = true;
                    return new ZcrxStream.Init(this, bounds);
                }

                if (_window.TakeNext() is { } item)
                {
                    return item;
                }

                if (_sourceEnded && !_endSent && !_window.HasWaiting)
                {
                    _endSent = true;
                    return _error is null ? new ZcrxStream.Completed(this) : new ZcrxStream.Failed(this, _error);
                }
            }

            _isSending = false;
            if (_abandoned is null && IsDone)
            {
                Complete();
            }

            return null;
        }
    }

    private void Complete()
    {
        _watch.Remove(this);
        _work?.Dispose();
        if (_error is null)
        {
            // Cancelled already, if it was disposed.
            _completion.TrySetResult();
        }
        else
        {
            Fail(_error);
        }
    }

    private void Fail(Exception error)
    {
        _completion.TrySetException(error);
        // Observed here, for callers that do not await it.
        _ = _completion.Task.Exception;
    }
}
