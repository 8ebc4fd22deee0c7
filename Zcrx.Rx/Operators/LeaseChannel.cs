using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Zcrx.Interop;
using Zcrx.Interop.Leases;

namespace Zcrx.Rx.Operators;

/// <summary>The bounded way out of the ring's thread: keeps what arrives, and pauses the connections it comes from when too much is waiting.</summary>
/// <remarks>
/// One writer, the ring's thread; any number of readers. The bound is one on asking, not on taking: what the kernel had
/// delivered before the connection was paused is kept as well. Disposed at any moment, it releases what nobody has read.
/// </remarks>
internal sealed class LeaseChannel : IObserver<ReceivedBuffer>, IDisposable
{
    private readonly Channel<BufferLease> _channel = Channel.CreateUnbounded<BufferLease>(new UnboundedChannelOptions { SingleWriter = true });
    // Lock order: this one, then what Hold and Resume of a holder take (RingThread's wake-up). Nothing below calls back.
    private readonly Lock _gate = new();
    private readonly List<BufferHolder> _paused = [];
    private readonly int _bound;
    private readonly Action? _arrived;
    private IDisposable? _subscription;
    private BufferHolder? _worksOn;
    private int _waiting;
    private bool _disposed;
    private bool _finished;

    /// <param name="bound">Buffers that may wait before their connections are paused.</param>
    /// <param name="arrived">Called after something was added or the stream has ended, for readers that do not await.</param>
    public LeaseChannel(int bound, Action? arrived = null)
    {
        _bound = bound;
        _arrived = arrived;
    }

    /// <summary>Ends when everything has been read; faults as the stream did.</summary>
    public Task Completion => _channel.Reader.Completion;

    public void SubscribeTo(IObservable<ReceivedBuffer> source)
    {
        IDisposable subscription = source.Subscribe(this);
        lock (_gate)
        {
            if (!_disposed)
            {
                _subscription = subscription;
                return;
            }
        }

        subscription.Dispose();
    }

    public void OnNext(ReceivedBuffer value)
    {
        if (_worksOn is null)
        {
            BeginWork(value.Holder);
        }

        BufferLease lease = value.Retain();
        int waiting = Interlocked.Increment(ref _waiting);
        if (!_channel.Writer.TryWrite(lease))
        {
            lease.Dispose();
            return;
        }

        if (waiting >= _bound)
        {
            Pause(value.Holder);
        }

        _arrived?.Invoke();
    }

    public void OnError(Exception error)
    {
        _channel.Writer.TryComplete(error);
        _arrived?.Invoke();
    }

    public void OnCompleted()
    {
        _channel.Writer.TryComplete();
        _arrived?.Invoke();
    }

    /// <summary>Waits until there is something to read.</summary>
    /// <returns>False at the end of the stream; throws what the stream ended with.</returns>
    public ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken) => _channel.Reader.WaitToReadAsync(cancellationToken);

    /// <summary>Takes the oldest lease; the caller owns it.</summary>
    public bool TryRead([NotNullWhen(true)] out BufferLease? lease)
    {
        if (!_channel.Reader.TryRead(out lease))
        {
            return false;
        }

        // Half of the bound: so that connections do not flap with every buffer.
        if (Interlocked.Decrement(ref _waiting) <= _bound / 2)
        {
            ResumeAll();
        }

        return true;
    }

    public void Dispose()
    {
        IDisposable? subscription;
        lock (_gate)
        {
            _disposed = true;
            subscription = _subscription;
            _subscription = null;
        }

        subscription?.Dispose();
        // After this no write succeeds, so that draining finds everything.
        _channel.Writer.TryComplete();
        while (_channel.Reader.TryRead(out BufferLease? lease))
        {
            lease.Dispose();
        }

        ResumeAll();
    }

    /// <summary>The operator has told its observer the end, or is disposed: nobody need wait for it any more.</summary>
    public void Finish()
    {
        BufferHolder? worksOn;
        lock (_gate)
        {
            _finished = true;
            worksOn = _worksOn;
            _worksOn = null;
        }

        worksOn?.EndWork();
    }

    /// <summary>The consumer has failed: its connection ends as the queue's options say. Called after <see cref="Dispose"/>.</summary>
    public void Fail(Exception exception) => Source?.Fail(exception);

    /// <summary>Passes the end of the stream to the observer, and reports what the observer throws.</summary>
    /// <param name="observer">The operator's observer.</param>
    /// <param name="error">The error; null for an orderly end.</param>
    /// <param name="isOwn">Whether the consumer itself failed. If the stream did, an observer without a handler rethrows an error that is not its fault.</param>
    public void SendEnd<T>(IObserver<T> observer, Exception? error, bool isOwn)
    {
        try
        {
            if (error is null)
            {
                observer.OnCompleted();
            }
            else
            {
                observer.OnError(error);
            }
        }
#pragma warning disable CA1031 // Nothing above handles it: it would end the process, or disappear in a task.
        catch (Exception unhandled)
#pragma warning restore CA1031
        {
            if (isOwn || unhandled != error)
            {
                Source?.Report(unhandled);
            }
        }
    }

    private BufferHolder? Source
    {
        get
        {
            lock (_gate)
            {
                return _worksOn;
            }
        }
    }

    /// <summary>The first buffer's connection stands for all: there is only one, unless streams were merged.</summary>
    private void BeginWork(BufferHolder holder)
    {
        lock (_gate)
        {
            if (!_finished)
            {
                _worksOn = holder;
                holder.BeginWork();
            }
        }
    }

    private void Pause(BufferHolder holder)
    {
        lock (_gate)
        {
            // Looked at again under the lock: readers may have caught up, and then nobody would resume.
            if (_disposed || Volatile.Read(ref _waiting) <= _bound / 2 || _paused.Contains(holder))
            {
                return;
            }

            _paused.Add(holder);
            holder.Hold();
        }
    }

    private void ResumeAll()
    {
        lock (_gate)
        {
            foreach (BufferHolder holder in _paused)
            {
                holder.Resume();
            }

            _paused.Clear();
        }
    }
}
