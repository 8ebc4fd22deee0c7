using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Zcrx.Interop;
using Zcrx.Interop.Leases;

namespace Zcrx.Rx.Operators;

/// <summary>Represents the receiving direction of a connection as a pipe over the original buffers.</summary>
/// <remarks>
/// Like every PipeReader, it supports one reader at a time. Only <see cref="CancelPendingRead"/> may be called on another thread.
/// </remarks>
internal sealed class LeasePipeReader(LeaseChannel<ReceivedBuffer, BufferLease> channel, PipeReaderBounds bounds, ReadSignal signal) : PipeReader
{
    private LeaseSegment? _first;
    private LeaseSegment? _last;
    private LeaseSegment? _lastCopy;
    private int _firstIndex;
    private long _examined;
    private int _leased;
    // The queue's limit for copies if a necessary copy would have exceeded it, so that the next read fails; otherwise null.
    private long? _refusedBy;
    private bool _hasMore;
    private bool _completed;
    private int _cancelRequested;

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        ThrowIfCompleted();
        if (examined.GetObject() is LeaseSegment examinedSegment)
        {
            _examined = long.Max(_examined, examinedSegment.RunningIndex + examined.GetInteger());
        }

        if (consumed.GetObject() is not LeaseSegment target)
        {
            return;
        }

        while (_first is not null && _first != target)
        {
            ReleaseFirst();
        }

        _firstIndex = consumed.GetInteger();
        if (_first is not null && _firstIndex == _first.Memory.Length)
        {
            // The first buffer is completely consumed, so it returns to the pool now and not with the next read.
            ReleaseFirst();
        }

        // The sequence of the last read is no longer valid, so its bytes may be copied to other memory.
        if (_leased > bounds.MaxLeasedBuffers && !HasUnexamined)
        {
            CopyUnconsumed();
        }
    }

    public override void CancelPendingRead()
    {
        Volatile.Write(ref _cancelRequested, 1);
        signal.Set();
    }

    public override void Complete(Exception? exception = null)
    {
        if (_completed)
        {
            return;
        }

        _completed = true;
        signal.Unregister();
        if (Unconsumed > 0)
        {
            channel.LeaveUnhandled();
        }

        channel.Dispose();
        channel.Finish();
        while (_first is not null)
        {
            ReleaseFirst();
        }

        // Lets a pending read fail. It would otherwise never complete, because no more items arrive.
        signal.Set();
    }

    public override bool TryRead(out ReadResult result)
    {
        ThrowIfCompleted();
        ThrowIfBeyondLimit();
        if (TryTake(out result))
        {
            return true;
        }

        if (channel.Completion.Exception?.InnerException is { } error)
        {
            ExceptionDispatchInfo.Throw(error);
        }

        return false;
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
        !_completed && !IsBeyondLimit && !cancellationToken.IsCancellationRequested && TryTake(out ReadResult result) ? new ValueTask<ReadResult>(result) : WaitAndReadAsync(cancellationToken);

    // The state machine is pooled, because a connection that answers requests waits here once per request.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> WaitAndReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (TryRead(out ReadResult result))
            {
                return result;
            }

            await signal.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private bool TryTake(out ReadResult result)
    {
        Pull();
        bool cancelled = TakeCancellation();
        if (cancelled || HasUnexamined || IsAtEnd)
        {
            result = new ReadResult(Sequence(), cancelled, IsAtEnd);
            return true;
        }

        result = default;
        return false;
    }

    private bool HasUnexamined => _last is not null && _last.End > _examined;

    /// <summary>Gets a value indicating whether the stream has ended and all its bytes have been taken.</summary>
    private bool IsAtEnd => !_hasMore && channel.Completion.IsCompletedSuccessfully;

    /// <summary>Takes the buffers that have arrived, until one read has enough bytes.</summary>
    private void Pull()
    {
        _hasMore = true;
        while (_last is null || _first is null || _last.End - long.Max(_examined, _first.RunningIndex) < bounds.MaxReadBytes)
        {
            if (!channel.TryRead(out BufferLease? lease))
            {
                _hasMore = false;
                return;
            }

            LeaseSegment segment = new(lease, _last);
            _first ??= segment;
            _last = segment;
            _leased++;
        }
    }

    /// <summary>Gets the number of bytes that were read but not consumed.</summary>
    private long Unconsumed => _first is null || _last is null ? 0 : _last.End - _first.RunningIndex - _firstIndex;

    /// <summary>
    /// Gets a value indicating whether all bytes were examined and too many of them are unconsumed, or the queue refused a copy.
    /// </summary>
    private bool IsBeyondLimit => _refusedBy is not null || (!HasUnexamined && Unconsumed > bounds.MaxUnconsumedBytes);

    /// <summary>Throws if a message is too long, because the reader must not wait for the rest of it.</summary>
    /// <exception cref="ZcrxFramingException">
    /// More bytes are unconsumed than the reader may hold, or a copy would exceed the queue's limit.
    /// </exception>
    private void ThrowIfBeyondLimit()
    {
        if (IsBeyondLimit)
        {
            long position = _first!.StreamOffset + _firstIndex;
            throw _refusedBy is { } budget
                ? ZcrxFramingException.OverBudget(position, null, bounds.FramingLimit, budget)
                : ZcrxFramingException.Unconsumed(position, Unconsumed, bounds.MaxUnconsumedBytes, bounds.FramingLimit);
        }
    }

    /// <summary>
    /// Copies the unconsumed bytes and releases their buffers, so that long messages do not take all buffers of the pool. If the copy would
    /// exceed the queue's limit, the next read fails instead.
    /// </summary>
    private void CopyUnconsumed()
    {
        // Copied segments are always at the front, so the loop begins after the last copied one.
        LeaseSegment first = _lastCopy?.NextSegment ?? _first!;
        IByteBudget? budget = channel.CopyBudget;
        if (budget?.TryAdd(_last!.End - first.RunningIndex) == false)
        {
            _refusedBy = budget.Limit;
            return;
        }

        for (LeaseSegment? segment = first; segment is not null; segment = segment.NextSegment)
        {
            segment.Copy(budget);
        }

        _lastCopy = _last;
        _leased = 0;
    }

    private ReadOnlySequence<byte> Sequence() =>
        _first is null || _last is null ? default : new ReadOnlySequence<byte>(_first, _firstIndex, _last, _last.Memory.Length);

    private void ReleaseFirst()
    {
        LeaseSegment released = _first!;
        _first = released.NextSegment;
        if (released == _lastCopy)
        {
            _lastCopy = null;
        }

        _firstIndex = 0;
        if (released.IsLeased)
        {
            _leased--;
        }

        released.Release();
    }

    private bool TakeCancellation() => Volatile.Read(ref _cancelRequested) != 0 && Interlocked.Exchange(ref _cancelRequested, 0) != 0;

    private void ThrowIfCompleted()
    {
        if (_completed)
        {
            throw new InvalidOperationException("Reading is not allowed after the reader was completed.");
        }
    }
}
