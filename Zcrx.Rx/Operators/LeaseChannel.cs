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
/// Represents a bounded channel from the ring thread to other threads. Leases the arriving items, and pauses their connections at a bound.
/// </summary>
/// <typeparam name="TBorrowed">The received items: buffers or frames.</typeparam>
/// <typeparam name="TLease">Their leases.</typeparam>
/// <remarks>
/// The ring thread is the only writer; there may be any number of readers. A paused connection delivers nothing more, so both
/// bounds are exact. An item that is longer than the byte bound is accepted only when nothing else waits. Disposal at any
/// time releases the unread items.
/// </remarks>
internal sealed class LeaseChannel<TBorrowed, TLease> : IObserver<TBorrowed>, IFrameGate, IBoundedQueue, ILeaseQueue<TLease>
    where TLease : class, IDisposable
{
    private readonly Channel<TLease> _channel;
    // Lock order: this lock, then the locks that Hold and Resume of a holder take (the wake-up of RingThread). Neither method calls back.
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

    /// <param name="leasing">Leases the items.</param>
    /// <param name="bound">The number of items that may wait.</param>
    /// <param name="byteBound">The number of bytes that may wait.</param>
    /// <param name="arrived">Called after an item was added or the stream has ended, for readers that do not await.</param>
    /// <param name="hasOneReader">Whether a single reader makes all reads and the disposal, so that they never overlap.</param>
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
    /// Gets a task that completes when everything has been read. If the stream failed, the task faults with the same error.
    /// </summary>
    public Task Completion => _channel.Reader.Completion;

    /// <summary>Gets the budget of the queue for copies of unfinished messages; null for none.</summary>
    public IByteBudget? CopyBudget => Source?.CopyBudget;

    public void SubscribeTo(IObservable<TBorrowed> source)
    {
        if ((source as IConnectionSource)?.Holder is { } holder)
        {
            // Work begins before the first buffer: a peer may end its stream without having sent anything, and still expect a reply.
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

    /// <summary>Waits until there is something to read.</summary>
    /// <returns>False at the end of the stream. Throws the error with which the stream ended.</returns>
    public ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken) => Threads.IsSimulated
        ? Threads.ContinueOnPoolAsync(_channel.Reader.WaitToReadAsync(CancellationToken.None), cancellationToken)
        : _channel.Reader.WaitToReadAsync(cancellationToken);

    /// <summary>Takes the oldest lease; the caller owns it.</summary>
    public bool TryRead([NotNullWhen(true)] out TLease? lease)
    {
        if (!_channel.Reader.TryRead(out lease))
        {
            return false;
        }

        Interlocked.Add(ref _bytes, -_leasing.LengthOf(lease));
        Interlocked.Decrement(ref _waiting);
        // The counts are written before the flag is read. TryPause writes the flag and then reads the counts, so one
        // side sees the other's write.
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
        // After this call no write succeeds, so the loop drains everything.
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
    /// If the stream has failed, records that the consumer leaves bytes unhandled. Called before <see cref="Finish"/>.
    /// </summary>
    /// <remarks>
    /// An orderly close would tell the peer that the bytes were handled. Nothing is recorded if the consumer ends before the stream,
    /// because the consumer then leaves the bytes on purpose.
    /// </remarks>
    public void LeaveUnhandled()
    {
        if (_hasFailed)
        {
            Source?.LeaveUnhandled();
        }
    }

    /// <summary>Ends the work of the operator, which has reported the end to its observer or is disposed.</summary>
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
    /// Records that the consumer has failed. The queue's options specify how its connection ends. Called after <see cref="Dispose"/>.
    /// </summary>
    /// <returns>False when the exception only follows from the end of the connection, so that the consumer is not at fault.</returns>
    public bool Fail(Exception exception)
    {
        BufferHolder? source = Source;
        // Determined first, because the failure requests the end of the connection.
        bool isAtFault = source?.FollowsFromEnd(exception) != true;
        source?.Fail(exception);
        return isAtFault;
    }

    /// <summary>Passes the end of the stream to the observer, and reports an exception of the observer.</summary>
    /// <param name="observer">The operator's observer.</param>
    /// <param name="error">The error; null for an orderly end.</param>
    /// <param name="isOwn">
    /// Whether the consumer is at fault. If the stream failed, or the connection ended, an observer without an error handler rethrows that
    /// error, which is not reported.
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
#pragma warning disable CA1031 // No caller handles the exception: it would end the process or be lost in a task.
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
    /// Begins work on the subscribed connection, or on the connection of the first buffer. If streams of several connections were merged,
    /// the work keeps only the first connection open.
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
    /// Gets a value indicating whether paused connections resume. They resume at half of the bounds, so that they do not
    /// change state with every item.
    /// </summary>
    private bool HasRoom => Volatile.Read(ref _waiting) is var waiting && (waiting == 0 || (waiting <= _bound / 2 && Interlocked.Read(ref _bytes) <= _byteBound / 2));

    /// <summary>Determines whether there is no room for another item of this length.</summary>
    private bool IsFull(long length) =>
        Volatile.Read(ref _waiting) is var waiting && (waiting >= _bound || (waiting > 0 && Interlocked.Read(ref _bytes) + length > _byteBound));

    /// <summary>Pauses a connection.</summary>
    /// <returns>False when readers have made room since.</returns>
    private bool TryPause(IBufferSource source, long length)
    {
        lock (_gate)
        {
            bool wasAnyPaused = _isAnyPaused;
            _isAnyPaused = true;
            // A full fence before the bounds are checked again: if the readers have caught up, no reader would resume the connection.
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
