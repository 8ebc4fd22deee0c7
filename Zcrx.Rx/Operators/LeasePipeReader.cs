using System.Buffers;
using System.IO.Pipelines;
using Zcrx.Interop;

namespace Zcrx.Rx.Operators;

/// <summary>Reads the received buffers themselves as a pipe.</summary>
/// <remarks>Like every PipeReader, it is used by one reader at a time; only <see cref="CancelPendingRead"/> may come from another thread.</remarks>
internal sealed class LeasePipeReader(LeaseChannel<ReceivedBuffer, BufferLease> channel, PipeReaderBounds bounds) : PipeReader
{
    // Lock order: this one, then the channel's. The channel continues a cancelled read on another thread.
    private readonly Lock _gate = new();
    private LeaseSegment? _first;
    private LeaseSegment? _last;
    private LeaseSegment? _lastCopy;
    private int _firstIndex;
    private long _examined;
    private int _leased;
    private bool _hasMore;
    private bool _ended;
    private bool _completed;
    private CancellationTokenSource? _pending;
    private bool _cancelRequested;

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
            // Wholly consumed: the NIC can have it now rather than with the next read.
            ReleaseFirst();
        }

        // No sequence is in use any more, so the bytes may change their place.
        if (_leased > bounds.MaxLeasedBuffers && !HasUnexamined)
        {
            CopyUnconsumed();
        }
    }

    public override void CancelPendingRead()
    {
        lock (_gate)
        {
            _cancelRequested = true;
            _pending?.Cancel();
        }
    }

    public override void Complete(Exception? exception = null)
    {
        if (_completed)
        {
            return;
        }

        _completed = true;
        channel.Dispose();
        channel.Finish();
        while (_first is not null)
        {
            ReleaseFirst();
        }
    }

    public override bool TryRead(out ReadResult result)
    {
        ThrowIfCompleted();
        ThrowIfBeyondLimit();
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

    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (TryRead(out ReadResult result))
            {
                return result;
            }

            using CancellationTokenSource pending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            lock (_gate)
            {
                if (_cancelRequested)
                {
                    continue;
                }

                // Set only when the finally clause below is certain to clear it: CancelPendingRead must never find a source that is disposed.
                _pending = pending;
            }

            try
            {
                _ended |= !await channel.WaitToReadAsync(pending.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // CancelPendingRead: the next turn of the loop reports it.
            }
            finally
            {
                lock (_gate)
                {
                    _pending = null;
                }
            }
        }
    }

    private bool HasUnexamined => _last is not null && _last.End > _examined;

    /// <summary>Gets a value indicating whether the stream has ended and everything of it has been taken.</summary>
    private bool IsAtEnd => _ended && !_hasMore;

    /// <summary>Takes what has arrived, up to the bound of one read.</summary>
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

    /// <summary>Refuses to take more of a message that is too long.</summary>
    /// <exception cref="ZcrxException">More bytes are unconsumed than the reader may hold.</exception>
    private void ThrowIfBeyondLimit()
    {
        if (_first is null || _last is null || HasUnexamined)
        {
            return;
        }

        long unconsumed = _last.End - _first.RunningIndex - _firstIndex;
        if (unconsumed > bounds.MaxUnconsumedBytes)
        {
            throw new ZcrxException(
                "Reading from the pipe of a connection",
                0,
                $"the reader has examined {unconsumed} bytes without consuming any, and may hold {bounds.MaxUnconsumedBytes}",
                "Consume what has been read, raise maxUnconsumedBytes, or limit the length of a message");
        }
    }

    /// <summary>Copies the bytes that are examined and not consumed, so that they do not starve the pool.</summary>
    private void CopyUnconsumed()
    {
        // Copies come first: what was copied before stays in front of what has arrived since.
        for (LeaseSegment? segment = _lastCopy?.NextSegment ?? _first; segment is not null; segment = segment.NextSegment)
        {
            segment.Copy();
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
            released.Release();
        }
    }

    private bool TakeCancellation()
    {
        lock (_gate)
        {
            bool cancelled = _cancelRequested;
            _cancelRequested = false;
            return cancelled;
        }
    }

    private void ThrowIfCompleted()
    {
        if (_completed)
        {
            throw new InvalidOperationException("Reading is not allowed after the reader was completed.");
        }
    }
}
