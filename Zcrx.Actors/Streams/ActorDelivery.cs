using Akka.Actor;
using Zcrx.Interop;

namespace Zcrx.Actors.Streams;

/// <summary>Delivers a stream to an actor: which message has which lease, and when the source has to pause.</summary>
/// <remarks>
/// Buffers come on the ring thread, acknowledgements on any thread. State changes under a lock, in which only the source's own
/// <see cref="IBufferSource"/> and leases are called: neither waits or runs user code. Messages are sent outside of it, since a dispatcher may
/// run the actor inside <c>Tell</c>. One thread at a time sends, which keeps the order; others leave what they added to that thread.
/// </remarks>
internal sealed class ActorDelivery(ActorSink sink, IObservable<ReceivedBuffer> source, IActorRef target, int maxUnacknowledged)
    : IObserver<ReceivedBuffer>
{
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HashSet<ZcrxStream.Data> _sent = [];
    private readonly Queue<ZcrxStream.Data> _waiting = new();
    private readonly List<IBufferSource> _held = [];
    private IDisposable? _subscription;
    private IBufferSource? _lastSource;
    private long _position;
    private Exception? _error;
    private ZcrxException? _abandoned;
    private bool _initSent;
    private bool _isSubscribed;
    private bool _sourceEnded;
    private bool _endSent;
    private bool _disposed;
    private bool _isSending;

    public ActorSink Sink => sink;

    public Task Completion => _completion.Task;

    private bool IsDone => (_endSent || _disposed) && _sent.Count == 0;

    private int InFlight => _sent.Count + _waiting.Count;

    public void Begin()
    {
        // Cannot fail: see there.
        _ = WatchAsync();
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
            subscription = source.Subscribe(this);
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
            // An abandoned stream stays subscribed until its first buffer, unless it has had one: then the connection is known.
            if (!_disposed && (_abandoned is null || _lastSource is null))
            {
                _subscription = subscription;
                return;
            }
        }

        subscription.Dispose();
    }

    public void OnNext(ReceivedBuffer value)
    {
        lock (_gate)
        {
            if (_abandoned is not null)
            {
                // As with any consumer that fails, this ends the connection.
                throw _abandoned;
            }

            if (_disposed || _sourceEnded)
            {
                return;
            }

            _lastSource = value.Source;
            ZcrxStream.Data data = new(this, value.Retain(), _lastSource);
            _position = data.StreamOffset + data.Lease.Length;
            _waiting.Enqueue(data);
            if (InFlight >= maxUnacknowledged && !_held.Contains(_lastSource))
            {
                _held.Add(_lastSource);
                _lastSource.Hold();
            }
        }

        Send();
    }

    public void OnCompleted() => EndSource(null);

    public void OnError(Exception error) => EndSource(error);

    /// <summary>The actor has finished with a buffer.</summary>
    public void Acknowledge(ZcrxStream.Data data)
    {
        lock (_gate)
        {
            if (!_sent.Remove(data))
            {
                return;
            }

            data.Lease.Dispose();
            // Half: so that connections do not flap with every buffer.
            if (InFlight <= maxUnacknowledged / 2)
            {
                ResumeAll();
            }
        }

        Send();
    }

    /// <summary>A message is about to leave the process. No acknowledgement can come back, so the stream ends here.</summary>
    public void OnSerialized() => Abandon(offset => new ZcrxException(
        $"Sending a stream to {target}",
        0,
        $"a message was about to be serialized for another process when {offset} bytes had been acknowledged, and buffers are memory of this process",
        "Route and forward the messages of a stream inside this process only, and copy the bytes that another process needs"));

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
            ReleaseWaiting(null);
            ResumeAll();
        }

        subscription?.Dispose();
        _completion.TrySetCanceled();
        Send();
    }

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

    /// <summary>Observes the actor's end until the stream is over. Cannot fail: <c>WatchAsync</c> returns false instead of throwing.</summary>
    private async Task WatchAsync()
    {
        using CancellationTokenSource over = new();
        // On the thread pool: inside an actor's asynchronous handler, what WatchAsync awaits would continue as a message to that actor,
        // which may be the one that ends.
        Task<bool> watching = Task.Run(() => target.WatchAsync(over.Token), CancellationToken.None);
        await Task.WhenAny(watching, _over.Task).ConfigureAwait(false);
        if (_over.Task.IsCompleted)
        {
            await over.CancelAsync().ConfigureAwait(false);
            await watching.ConfigureAwait(false);
            return;
        }

        Abandon(offset => new ZcrxActorTerminatedException(target, offset));
    }

    /// <summary>Nothing can be sent or acknowledged any more: releases everything and ends the connection. Does nothing once the stream is over.</summary>
    private void Abandon(Func<long, ZcrxException> cause)
    {
        IDisposable? subscription = null;
        HashSet<IBufferSource> sources = [];
        bool isUnknown;
        lock (_gate)
        {
            if (_abandoned is not null || IsDone)
            {
                return;
            }

            _abandoned = cause(FirstUnacknowledged());
            foreach (ZcrxStream.Data data in _sent)
            {
                sources.Add(data.Source);
                data.Lease.Dispose();
            }

            _sent.Clear();
            ReleaseWaiting(sources);
            ResumeAll();
            isUnknown = _lastSource is null;
            if (!_disposed && _lastSource is not null)
            {
                sources.Add(_lastSource);
                subscription = _subscription;
            }
        }

        Fail(_abandoned);
        _over.TrySetResult();
        subscription?.Dispose();
        if (subscription is not null)
        {
            foreach (IBufferSource abandoned in sources)
            {
                abandoned.Abandon();
            }
        }
        else if (isUnknown)
        {
            // Which connection to reset is known with its first buffer: the subscription stays until then, and is made if there is none yet.
            Subscribe();
        }
    }

    /// <summary>Sends what may be sent, in order, and the end behind the last buffer.</summary>
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
            if (_abandoned is null && !_disposed && !_initSent)
            {
                _initSent = true;
                return new ZcrxStream.Init(this, maxUnacknowledged);
            }

            if (_abandoned is null && _sent.Count < maxUnacknowledged && _waiting.TryDequeue(out ZcrxStream.Data? data))
            {
                _sent.Add(data);
                return data;
            }

            if (_abandoned is null && _sourceEnded && !_endSent && _waiting.Count == 0)
            {
                _endSent = true;
                return _error is null ? new ZcrxStream.Completed(this) : new ZcrxStream.Failed(this, _error);
            }

            _isSending = false;
            CompleteIfDone();
            return null;
        }
    }

    private void CompleteIfDone()
    {
        if (_abandoned is not null || !IsDone)
        {
            return;
        }

        _over.TrySetResult();
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

    private long FirstUnacknowledged()
    {
        long first = _waiting.TryPeek(out ZcrxStream.Data? next) ? next.StreamOffset : _position;
        foreach (ZcrxStream.Data data in _sent)
        {
            first = long.Min(first, data.StreamOffset);
        }

        return first;
    }

    private void ReleaseWaiting(HashSet<IBufferSource>? sources)
    {
        while (_waiting.TryDequeue(out ZcrxStream.Data? data))
        {
            sources?.Add(data.Source);
            data.Lease.Dispose();
        }
    }

    private void ResumeAll()
    {
        foreach (IBufferSource held in _held)
        {
            held.Resume();
        }

        _held.Clear();
    }
}
