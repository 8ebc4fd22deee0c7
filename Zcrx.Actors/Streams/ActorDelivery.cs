using Akka.Actor;
using Zcrx.Interop;

namespace Zcrx.Actors.Streams;

/// <summary>What is under way from a stream to an actor: who has which lease, and when the source has to pause.</summary>
/// <remarks>
/// Buffers come on the ring's thread and are sent from there, acknowledgements come through the sink's actor. Both under one lock, also the
/// sending, since it must keep the order; nobody else's code runs inside it.
/// </remarks>
internal sealed class ActorDelivery(IActorRef target, int maxUnacknowledged) : IObserver<ReceivedBuffer>, IDisposable
{
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HashSet<ZcrxStream.Data> _sent = [];
    private readonly Queue<ZcrxStream.Data> _waiting = new();
    private readonly List<IBufferSource> _held = [];
    private IActorRef _sink = ActorRefs.Nobody;
    private IDisposable? _subscription;
    private IBufferSource? _lastSource;
    private long _position;
    private Exception? _error;
    private ZcrxActorTerminatedException? _terminated;
    private bool _sourceEnded;
    private bool _endSent;
    private bool _disposed;

    public IActorRef Target => target;

    public Task Completion => _completion.Task;

    /// <summary>Whether nothing more will be sent, and nothing has to be acknowledged.</summary>
    public bool IsOver
    {
        get
        {
            lock (_gate)
            {
                return _terminated is not null || IsDone;
            }
        }
    }

    private bool IsDone => (_endSent || _disposed) && _sent.Count == 0;

    private int UnderWay => _sent.Count + _waiting.Count;

    public void Begin(IActorRef sink)
    {
        lock (_gate)
        {
            _sink = sink;
            if (!_disposed)
            {
                target.Tell(new ZcrxStream.Init(maxUnacknowledged), sink);
            }
        }
    }

    public void SubscribeTo(IObservable<ReceivedBuffer> source)
    {
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
            if (!_disposed && _terminated is null)
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
            if (_terminated is not null)
            {
                // As with any consumer that fails, this ends the connection.
                throw _terminated;
            }

            if (_disposed || _sourceEnded)
            {
                return;
            }

            _lastSource = value.Source;
            ZcrxStream.Data data = new(value.Retain(), _lastSource);
            _position = data.StreamOffset + data.Lease.Length;
            _waiting.Enqueue(data);
            Send();
            if (UnderWay >= maxUnacknowledged && !_held.Contains(_lastSource))
            {
                _held.Add(_lastSource);
                _lastSource.Hold();
            }
        }
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
            Send();
            // Half: so that connections do not flap with every buffer.
            if (UnderWay <= maxUnacknowledged / 2)
            {
                ResumeAll();
            }

            CompleteIfDone();
        }
    }

    /// <summary>The actor has ended: it uses nothing any more, and nothing can be sent. Also when the sink's own actor ends, whatever ends it; after its work is done, nothing happens.</summary>
    public void Abandon()
    {
        IDisposable? subscription = null;
        HashSet<IBufferSource> sources = [];
        lock (_gate)
        {
            if (_terminated is not null || IsDone)
            {
                return;
            }

            _terminated = new ZcrxActorTerminatedException(target, FirstUnacknowledged());
            foreach (ZcrxStream.Data data in _sent)
            {
                sources.Add(data.Source);
                data.Lease.Dispose();
            }

            _sent.Clear();
            ReleaseWaiting(sources);
            ResumeAll();
            if (!_disposed && _lastSource is not null)
            {
                // Otherwise the subscription stays, and throws when the first buffer comes: nobody knows yet what to reset.
                sources.Add(_lastSource);
                subscription = _subscription;
            }
        }

        Fail(_terminated);
        subscription?.Dispose();
        if (subscription is not null)
        {
            foreach (IBufferSource source in sources)
            {
                source.Abandon();
            }
        }
    }

    public void Dispose()
    {
        IDisposable? subscription;
        lock (_gate)
        {
            if (_disposed || _sourceEnded || _terminated is not null)
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
        _sink.Tell(ActorSinkActor.LookAgain.Instance, ActorRefs.NoSender);
    }

    private void EndSource(Exception? error)
    {
        lock (_gate)
        {
            if (_disposed || _sourceEnded || _terminated is not null)
            {
                return;
            }

            _sourceEnded = true;
            _error = error;
            Send();
            CompleteIfDone();
        }

        _sink.Tell(ActorSinkActor.LookAgain.Instance, ActorRefs.NoSender);
    }

    /// <summary>Sends what may be sent, and the end behind the last buffer.</summary>
    private void Send()
    {
        while (_sent.Count < maxUnacknowledged && _waiting.TryDequeue(out ZcrxStream.Data? data))
        {
            _sent.Add(data);
            target.Tell(data, _sink);
        }

        if (_sourceEnded && !_endSent && _waiting.Count == 0)
        {
            _endSent = true;
            target.Tell(_error is null ? new ZcrxStream.Completed() : new ZcrxStream.Failed(_error), _sink);
        }
    }

    private void CompleteIfDone()
    {
        if (!IsDone)
        {
            return;
        }

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
        // Observed here, for callers who do not ask.
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
        foreach (IBufferSource source in _held)
        {
            source.Resume();
        }

        _held.Clear();
    }
}
