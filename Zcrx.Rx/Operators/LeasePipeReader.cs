using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Zcrx.Interop;
using Zcrx.Interop.Leases;

namespace Zcrx.Rx.Operators;

/// <summary>Reads the received buffers as a pipe, without copying.</summary>
/// <remarks>
/// Like every PipeReader, it is used by one reader at a time. Only <see cref="CancelPendingRead"/> may come from another thread.
/// </remarks>
internal sealed class LeasePipeReader(LeaseChannel<ReceivedBuffer, BufferLease> channel, PipeReaderBounds bounds, ReadSignal signal) : PipeReader
{
    private LeaseSegment? _first;
    private LeaseSegment? _last;
    private LeaseSegment? _lastCopy;
    private int _firstIndex;
    private long _examined;
    private int _leased;
    // The bound of the queue that a needed copy would have exceeded.
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
            // The buffer is completely consumed. It returns to the pool now instead of with the next read.
            ReleaseFirst();
        }

        // The consumer no longer uses the sequence that it has read, so the bytes may be copied to other memory.
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

        // A pending read fails now. Otherwise it would never end, because the channel receives nothing more.
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

    // Pooled, because a connection that answers requests waits here once per request.
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

    /// <summary>Takes the bytes that have arrived, up to the bound of one read.</summary>
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

    /// <summary>Gets the number of unconsumed bytes of the reader.</summary>
    private long Unconsumed => _first is null || _last is null ? 0 : _last.End - _first.RunningIndex - _firstIndex;

    /// <summary>Gets a value indicating whether the reader has examined more unconsumed bytes than it may hold.</summary>
    private bool IsBeyondLimit => _refusedBy is not null || (!HasUnexamined && Unconsumed > bounds.MaxUnconsumedBytes);

    /// <summary>Throws when a message is too long, instead of waiting for its rest.</summary>
    /// <exception cref="ZcrxFramingException">More bytes are unconsumed than the reader, or all readers of the queue, may hold.</exception>
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
    /// Copies the examined, unconsumed bytes, so that they do not starve the pool. If the queue has no room for the copies, the next read
    /// fails.
    /// </summary>
    private void CopyUnconsumed()
    {
        // Copied segments are older than leased segments, so the loops begin after the last copy.
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
