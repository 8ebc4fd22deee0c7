using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Zcrx.Interop;
using Zcrx.Interop.Kernel;
using Zcrx.Interop.Leases;
using Zcrx.Rx.Framing;
using Zcrx.Rx.Receiving;
using Zcrx.Rx.Streams;

namespace Zcrx.Rx.Operators;

/// <summary>
/// Represents a bounded channel from the ring thread to other threads. Leases the arriving items, and pauses their connections when a bound
/// is reached.
/// </summary>
/// <typeparam name="TBorrowed">The type of the received items: buffers or frames.</typeparam>
/// <typeparam name="TLease">The type of their leases.</typeparam>
/// <remarks>
/// The ring thread is the only writer, and any number of readers may read. Both bounds are exact, because a paused connection delivers
/// nothing. An item that is longer than the byte bound is accepted when nothing else waits. Disposal releases the unread items, and may
/// happen at any time.
/// </remarks>
internal sealed class LeaseChannel<TBorrowed, TLease> : IObserver<TBorrowed>, IFrameGate, IBoundedQueue, ILeaseQueue<TLease>
    where TLease : class, IDisposable
{
    private readonly Channel<TLease> _channel;
    // Lock order: this lock first, then the locks inside Hold and Resume of a holder. Hold and Resume do not call back.
    private readonly Lock _gate = new();
    private readonly List<IBufferSource> _paused = [];
    private readonly Leasing<TBorrowed, TLease> _leasing;
    private readonly int _bound;
    private readonly long _byteBound;
    private readonly Action? _arrived;
    private IDisposable? _subscription;
    private BufferHolder? _worksOn;
    private BufferHolder? _last;
    private int _waiting;
    private long _bytes;
    private bool _isAnyPaused;
    private bool _disposed;
    private bool _finished;
    private volatile bool _hasFailed;

    /// <param name="leasing">Leases the arriving items.</param>
    /// <param name="bound">The number of items that may wait.</param>
    /// <param name="byteBound">The number of bytes that may wait.</param>
    /// <param name="arrived">Called when an item was added or the stream has ended, for readers that do not use WaitToReadAsync.</param>
    /// <param name="hasOneReader">Whether one reader makes all reads and the disposal, so that they never run at the same time.</param>
    public LeaseChannel(Leasing<TBorrowed, TLease> leasing, int bound, long byteBound, Action? arrived = null, bool hasOneReader = false)
    {
        _channel = Channel.CreateUnbounded<TLease>(new UnboundedChannelOptions { SingleWriter = true, SingleReader = hasOneReader, AllowSynchronousContinuations = Threads.IsSimulated });
        _leasing = leasing;
        _bound = bound;
        _byteBound = byteBound;
        _arrived = arrived;
    }

    int IBoundedQueue.Waiting => Volatile.Read(ref _waiting);

    int IBoundedQueue.Bound => _bound;

    string IBoundedQueue.BoundName => "maxQueued";

    /// <summary>
    /// Gets a task that completes when everything has been read. If the stream failed, the task faults with the stream's error.
    /// </summary>
    public Task Completion => _channel.Reader.Completion;

    /// <summary>Gets the queue's limit for copies of incomplete messages; null for none.</summary>
    public IByteBudget? CopyBudget => Source?.CopyBudget;

    public void SubscribeTo(IObservable<TBorrowed> source)
    {
        if ((source as IConnectionSource)?.Holder is { } holder)
        {
            // Work begins before the first buffer arrives. A peer may end its stream without having sent anything, and still expect a
            // reply.
            BeginWork(holder);
        }

        IDisposable subscription;
        try
        {
            subscription = source.Subscribe(this);
        }
        catch
        {
            Finish();
            throw;
        }

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

    public void OnNext(TBorrowed value)
    {
        BufferHolder holder = _leasing.HolderOf(in value);
        if (holder != _last)
        {
            if (_last is null)
            {
                BeginWork(holder);
            }

            _leasing.Attach(in value, this);
            _last = holder;
        }

        TLease lease = _leasing.Retain(in value);
        long most = _leasing.MostBytes(in value);
        Interlocked.Add(ref _bytes, _leasing.LengthOf(lease));
        Interlocked.Increment(ref _waiting);
        if (!_channel.Writer.TryWrite(lease))
        {
            lease.Dispose();
            return;
        }

        if (IsFull(most))
        {
            TryPause(holder, most);
        }

        _arrived?.Invoke();
    }

    bool IFrameGate.Admits(IBufferSource source, long length) => !IsFull(length) || !TryPause(source, length);

    public void OnError(Exception error)
    {
        _hasFailed = true;
        _channel.Writer.TryComplete(error);
        _arrived?.Invoke();
    }

    public void OnCompleted()
    {
        _channel.Writer.TryComplete();
        _arrived?.Invoke();
    }

    /// <summary>Waits until a lease can be read or the stream has ended.</summary>
    /// <returns>False if the stream has ended in order. If it failed, the call throws the stream's error.</returns>
    public ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken) => Threads.IsSimulated
        ? Threads.ContinueOnPoolAsync(_channel.Reader.WaitToReadAsync(CancellationToken.None), cancellationToken)
        : _channel.Reader.WaitToReadAsync(cancellationToken);

    /// <summary>Takes the oldest lease. The caller owns it from then on.</summary>
    public bool TryRead([NotNullWhen(true)] out TLease? lease)
    {
        if (!_channel.Reader.TryRead(out lease))
        {
            return false;
        }

        Interlocked.Add(ref _bytes, -_leasing.LengthOf(lease));
        Interlocked.Decrement(ref _waiting);
        // The counts are written before the flag is read, and TryPause does the opposite. At least one side therefore sees the other's
        // write, and no connection stays paused.
        if (Volatile.Read(ref _isAnyPaused) && HasRoom)
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
        // No item can be added after this call, so the loop below releases all items.
        _channel.Writer.TryComplete();
        bool isUnread = false;
        while (_channel.Reader.TryRead(out TLease? lease))
        {
            isUnread = true;
            lease.Dispose();
        }

        if (isUnread)
        {
            LeaveUnhandled();
        }

        ResumeAll();
    }

    /// <summary>
    /// Records that the consumer has left bytes unhandled, if the stream has failed. Must be called before <see cref="Finish"/>.
    /// </summary>
    /// <remarks>
    /// An orderly close would tell the peer that these bytes were handled. If the consumer ended before the stream, it left the bytes on
    /// purpose and nothing is recorded.
    /// </remarks>
    public void LeaveUnhandled()
    {
        if (_hasFailed)
        {
            Source?.LeaveUnhandled();
        }
    }

    /// <summary>
    /// Ends the work that keeps the connection open. Called when the operator is disposed or has passed the end to its observer.
    /// </summary>
    public void Finish()
    {
        BufferHolder? worksOn;
        lock (_gate)
        {
            _finished = true;
            worksOn = _worksOn;
            _worksOn = null;
        }

        if (worksOn is not null)
        {
            (worksOn as ConnectionHolder)?.Connection.Queues.Remove(this);
            worksOn.EndWork();
        }
    }

    /// <summary>
    /// Ends the connection because the consumer has failed. The queue's options specify whether the connection is reset. Called after
    /// <see cref="Dispose"/>.
    /// </summary>
    /// <returns>False when the exception is only a consequence of the connection's end, so that the consumer is not at fault.</returns>
    public bool Fail(Exception exception)
    {
        BufferHolder? source = Source;
        // Checked before the failure is recorded, because the failure itself ends the connection.
        bool isAtFault = source?.FollowsFromEnd(exception) != true;
        source?.Fail(exception);
        return isAtFault;
    }

    /// <summary>Passes the end of the stream to the operator's observer. If the observer throws, the exception is reported.</summary>
    /// <param name="observer">The observer of the operator.</param>
    /// <param name="error">The error with which the stream ends; null for an orderly end.</param>
    /// <param name="isOwn">
    /// Whether the consumer itself has failed. If not, an observer without an error handler rethrows the stream's error, which is not
    /// reported again.
    /// </param>
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
#pragma warning disable CA1031 // No caller would handle the exception. It would end the process, or be lost in a task.
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

    /// <summary>
    /// Begins work that keeps a connection open: the subscribed connection, or else the connection of the first item. If a source merges
    /// several connections, only the first of them is kept open.
    /// </summary>
    private void BeginWork(BufferHolder holder)
    {
        lock (_gate)
        {
            if (!_finished && _worksOn is null)
            {
                _worksOn = holder;
                (holder as ConnectionHolder)?.Connection.Queues.Add(this);
                holder.BeginWork();
            }
        }
    }

    /// <summary>
    /// Gets a value indicating whether paused connections may resume. They resume at half of the bounds, so that they do not pause and
    /// resume with every item.
    /// </summary>
    private bool HasRoom => Volatile.Read(ref _waiting) is var waiting && (waiting == 0 || (waiting <= _bound / 2 && Interlocked.Read(ref _bytes) <= _byteBound / 2));

    /// <summary>Determines whether a bound is reached, so that an item of this length must wait.</summary>
    private bool IsFull(long length) =>
        Volatile.Read(ref _waiting) is var waiting && (waiting >= _bound || (waiting > 0 && Interlocked.Read(ref _bytes) + length > _byteBound));

    /// <summary>Pauses a connection, unless readers have made room in the meantime.</summary>
    /// <returns>False when there is room, so that the connection is not paused.</returns>
    private bool TryPause(IBufferSource source, long length)
    {
        lock (_gate)
        {
            bool wasAnyPaused = _isAnyPaused;
            _isAnyPaused = true;
            // A full fence before the bounds are checked again. If the readers have already read everything, none of them would resume the
            // connection.
            Interlocked.MemoryBarrier();
            if (_disposed || !IsFull(length))
            {
                _isAnyPaused = wasAnyPaused;
                return false;
            }

            if (!_paused.Contains(source))
            {
                _paused.Add(source);
                source.Hold();
            }

            return true;
        }
    }

    private void ResumeAll()
    {
        lock (_gate)
        {
            foreach (IBufferSource source in _paused)
            {
                source.Resume();
            }

            _paused.Clear();
            _isAnyPaused = false;
        }
    }
}
