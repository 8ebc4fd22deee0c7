using Akka.Actor;
using Zcrx.Interop;
using Zcrx.Rx.Operators;
using Zcrx.Rx.Receiving;

namespace Zcrx.Actors.Streams;

/// <summary>Delivers a stream to an actor.</summary>
/// <remarks>
/// <para>
/// Items arrive on the ring thread, and acknowledgements on any thread. A lock protects the state. Only <see cref="IBufferSource"/> and
/// leases are called under it, because they neither wait nor run user code.
/// </para>
/// <para>Messages are sent outside the lock, because a dispatcher may run the actor inside <c>Tell</c>. Only one thread sends at a time, so
/// the order is kept. The sending thread also sends the items that other threads add.</para>
/// </remarks>
internal abstract class ActorDelivery(ActorSink sink, IActorRef target, DeliveryBounds bounds) : IBoundedQueue
{
    // Lock order: this lock first, then the lock of TargetWatch or the wake-up lock of RingThread.
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly DeliveryWindow _window = new(bounds.Messages, bounds.Bytes);
    private readonly TargetWatch _watch = TargetWatch.Of(target);
    private IDisposable? _subscription;
    // Keeps the connection open, so that the actor can still send replies.
    private IDisposable? _work;
    private Exception? _error;
    private ZcrxException? _abandoned;
    // The sources that Subscribe must reset before it returns. Set only if the stream is abandoned while Subscribe runs.
    private HashSet<IBufferSource>? _toReset;
    private bool _initSent;
    private bool _isSubscribed;
    private bool _isSubscribing;
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

    /// <summary>Subscribes to the source. A second call does nothing.</summary>
    public void Subscribe()
    {
        lock (_gate)
        {
            if (_isSubscribed || _disposed)
            {
                return;
            }

            (_isSubscribed, _isSubscribing) = (true, true);
        }

        IDisposable? subscription = null;
        try
        {
            subscription = SubscribeToSource();
        }
#pragma warning disable CA1031 // An exception of Subscribe is handled like OnError.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            OnError(exception);
        }

        HashSet<IBufferSource>? sources;
        lock (_gate)
        {
            _isSubscribing = false;
            sources = _toReset;
            // A stream that is abandoned before its first item stays subscribed, too. Only its first item tells which connection must be
            // reset.
            if (sources is null && !_disposed)
            {
                _subscription = subscription;
                return;
            }
        }

        if (sources is null)
        {
            subscription?.Dispose();
        }
        else
        {
            Reset(subscription, sources);
        }
    }

    /// <summary>Sends an item, or releases it if the stream is over.</summary>
    /// <param name="item">The item.</param>
    /// <param name="mostBytes">
    /// The maximum number of bytes of the next item. 0 for frames, whose source calls <see cref="Admits"/> before each item.
    /// </param>
    protected void Add(ZcrxStream.Item item, long mostBytes)
    {
        lock (_gate)
        {
            if (_disposed || _sourceEnded || _abandoned is not null)
            {
                item.Release();
                if (_abandoned is not null)
                {
                    // The exception reaches the source, which then resets the connection, as after any exception of a consumer.
                    throw _abandoned;
                }

                return;
            }

            _work ??= ItemConnection.BeginWork(item.Source, this);
            _window.Add(item, mostBytes);
        }

        Send();
    }

    /// <summary>Determines whether a source may deliver another item now. If not, the source is paused until the bounds allow it.</summary>
    public bool Admits(IBufferSource source, long length)
    {
        lock (_gate)
        {
            return _disposed || _sourceEnded || _abandoned is not null || _window.Admits(source, length);
        }
    }

    public void OnCompleted() => EndSource(null);

    public void OnError(Exception error) => EndSource(error);

    /// <summary>Releases an item that the actor has acknowledged, and sends further items.</summary>
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

    /// <summary>
    /// Ends the stream, because a message of it is about to be sent to another process. That process could not acknowledge it.
    /// </summary>
    public void OnSerialized() => Abandon(offset => new ZcrxException(
        $"Sending a stream to {target}",
        0,
        $"a message was about to be serialized for another process when {offset} bytes had been acknowledged, and buffers are memory of this process",
        "Route and forward the messages of a stream inside this process only, and copy the bytes that another process needs"));

    /// <summary>Ends the stream at the request of the application; see <see cref="ActorSink.Dispose"/>.</summary>
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
    /// Releases all items and resets the connection, because no item can be sent or acknowledged any more. Does
    /// nothing if the stream is over.
    /// </summary>
    private void Abandon(Func<long, ZcrxException> cause)
    {
        IDisposable? subscription;
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
            subscription = _subscription;
            if (_disposed)
            {
                // The application has disposed the stream. So the application, not the end of the actor, decides about the connection.
                sources.Clear();
            }
            else if (last is not null)
            {
                sources.Add(last);
                // While Subscribe runs, its subscription cannot be disposed. It would count as another observer, and prevent the reset. So
                // Subscribe resets later.
                _toReset = _isSubscribing ? sources : null;
            }
        }

        Fail(_abandoned);
        _watch.Remove(this);
        if (last is null)
        {
            // Only the first item tells which connection must be reset. So the stream stays subscribed until that item arrives.
            Subscribe();
            return;
        }

        if (_toReset is null)
        {
            Reset(subscription, sources);
        }
    }

    private void Reset(IDisposable? subscription, HashSet<IBufferSource> sources)
    {
        subscription?.Dispose();
        foreach (IBufferSource source in sources)
        {
            source.Abandon();
        }

        // Ends the work after the resets. Otherwise a connection whose stream has ended would close in order. Its peer would assume that
        // the actor has processed everything.
        _work?.Dispose();
    }

    /// <summary>Sends the messages that may be sent, in order. The end of the stream is sent after the last item.</summary>
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

    /// <summary>
    /// Takes the next message that may be sent. Returns null if there is none, and records that this thread stops sending.
    /// </summary>
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
            // Does nothing if the stream was disposed, because Dispose has cancelled the task.
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
        // Marks the exception as observed, because the application need not await the task.
        _ = _completion.Task.Exception;
    }
}
