using System.Buffers;
using Zcrx.Interop;
using Zcrx.Interop.Leases;

namespace Zcrx.Rx.Framing;

/// <summary>Finds the frames in the buffers of one subscription. Not thread-safe: <see cref="FrameObserver{TCutter}"/> serializes the calls.</summary>
/// <remarks>Frames that lie in one buffer are delivered without copying. The bytes of a buffer behind its last whole frame stay in
/// <see cref="HeldBytes"/> until later buffers complete the frame.</remarks>
internal sealed class FrameAssembler<TCutter>(FrameObserver<TCutter> owner, TCutter cutter, int maxLength, FramingOptions options)
    where TCutter : struct, IFrameCutter
{
    private const long Unknown = -1;
    private const int Incomplete = -1;
    private const int Ended = -2;

    private readonly HeldBytes _held = new(options.MaxLeasedBuffers);
    // At least 1 with DeliversUnterminated: maxLength bytes without a delimiter are then acceptable, because the stream may end there.
    private readonly int _overhead = options.DeliversUnterminated ? Math.Max(cutter.Overhead, 1) : cutter.Overhead;
    private readonly FrameSkips? _skips = options.Skips;
    private readonly bool _deliversUnterminated = options.DeliversUnterminated;
    private readonly ReclaimMembership _membership = new(owner);
    private readonly FrameScope _scope = new(options.MaxLeasedBuffers);
    // The stream offset of the next byte that arrives, and the stream offset at which the current frame begins.
    private long _next = Unknown;
    private long _frameOffset;
    // The number of held bytes that the next cut of the incomplete frame needs.
    private long _needed;
    private FrameDecision _decision;
    private bool _isDecided;
    // The number of bytes of the incomplete frame that the cutter has seen.
    private long _seen;
    // True while a frame that is too long is skipped. _dropped counts those of its bytes that are no longer held.
    private bool _isSkipping;
    private long _dropped;
    // The decision on the bytes behind the last frame once the stream has ended. It is kept, because a parser makes it only once.
    private FrameDecision? _rest;

    /// <summary>Gets the object that counts the buffers that are leased for an incomplete frame.</summary>
    public BufferHolder? Holder => _membership.Holder;

    /// <summary>Gets the object that represents the connection of the current buffer. The connection is paused through it.</summary>
    public BufferHolder? Source { get; private set; }

    /// <summary>Gets the number of bytes that wait because the source is paused or a consumer has no room for a frame.</summary>
    public long BytesWaiting => IsWaiting ? _held.Length : 0;

    /// <summary>Gets a value indicating whether bytes of an incomplete or waiting frame are held, or a frame is being skipped.</summary>
    public bool IsInside => !_held.IsEmpty || _isSkipping;

    /// <summary>Releases all held bytes.</summary>
    public void Release()
    {
        IsWaiting = false;
        _held.Release();
    }

    /// <summary>Copies the held bytes into ordinary memory and releases their buffers.</summary>
    /// <returns>The error that must end the frames when the queue's limit for copies is reached; otherwise null.</returns>
    // Complete frames that wait do not count against the limit, because a slow consumer causes them and its pause limits them.
    public ZcrxFramingException? Copy() => _held.TryCopy(isBounded: !IsWaiting) ? null : OverBudget();

    /// <summary>Gets a value indicating whether complete frames wait, because the source is paused or a consumer has no room.</summary>
    public bool IsWaiting { get; private set; }

    /// <summary>Returns a copy of the bytes that wait; empty if no complete frame waits.</summary>
    public byte[] CopyWaiting() => IsWaiting ? _held.Sequence.ToArray() : [];

    /// <summary>Cuts a buffer into frames, and holds the bytes behind the last whole frame.</summary>
    public void Receive(in ReceivedBuffer buffer)
    {
        Source = buffer.Holder;
        _scope.SetBuffer(in buffer);
        ReadOnlyMemory<byte> memory = buffer.UncheckedMemory;
        ReadOnlySpan<byte> span = buffer.Span;
        long offset = buffer.StreamOffset;
        if (offset != _next && _next != Unknown)
        {
            owner.Refuse(ZcrxFramingException.Gap(_next, offset, maxLength));
            return;
        }

        _next = offset + span.Length;
        int position = _held.IsEmpty && !_isSkipping ? 0 : span.Length - Join(in buffer, memory);
        while (position < span.Length)
        {
            FrameDecision decision = cutter.Cut(span, memory, position);
            long total = decision.Total;
            if (IsAcceptable(in decision, total) && total <= span.Length - position)
            {
                if (MustWait(decision.Length))
                {
                    _frameOffset = offset + position;
                    Remember(in decision);
                    _held.Lend(memory[position..]);
                    IsWaiting = true;
                    Keep(in buffer);
                    Wait();
                    return;
                }

                Deliver(new ReadOnlySequence<byte>(memory.Slice(position + decision.Skip, (int)decision.Length)), offset + position + decision.Skip, decision.Tag);
                position += (int)total;
                if (owner.HasEnded)
                {
                    return;
                }
            }
            else if (TrySkip(in decision, offset + position))
            {
                position += (int)total;
                if (owner.HasEnded)
                {
                    return;
                }
            }
            else
            {
                _frameOffset = offset + position;
                if (Expect(in decision, span.Length - position))
                {
                    _held.Lend(memory[position..]);
                    Keep(in buffer);
                }

                return;
            }
        }
    }

    /// <summary>Completes a frame that began in an earlier buffer.</summary>
    /// <returns>The number of bytes of the buffer that are left to cut; 0 if all were used or held, or the frames have ended.</returns>
    private int Join(in ReceivedBuffer buffer, ReadOnlyMemory<byte> memory)
    {
        _held.Lend(memory);
        IsWaiting = false;
        int left = CutHeld();
        if (left == Incomplete)
        {
            Keep(in buffer);
            if (IsWaiting)
            {
                Wait();
            }
        }

        return Math.Max(0, left);
    }

    /// <summary>Delivers the frames that wait, after the source was resumed.</summary>
    /// <returns>True when frames still wait.</returns>
    public bool Continue()
    {
        if (IsWaiting)
        {
            IsWaiting = false;
            _scope.ClearBuffer();
            if (_rest is null && CutHeld() == Incomplete && !IsWaiting && (_isSkipping || IsBeyondLimit))
            {
                Drop();
            }
        }

        return IsWaiting;
    }

    /// <summary>Cuts frames that begin in the held bytes.</summary>
    /// <returns>The number of bytes left to cut in the lent buffer, or <see cref="Incomplete"/> or <see cref="Ended"/>.</returns>
    private int CutHeld()
    {
        while (_held.Length >= _needed)
        {
            FrameDecision decision = _isDecided ? _decision : cutter.Cut(_held.Sequence, _seen);
            long total = decision.Total;
            bool isWhole = !_isSkipping && IsAcceptable(in decision, total) && total <= _held.Length;
            if (isWhole && MustWait(decision.Length))
            {
                Remember(in decision);
                IsWaiting = true;
                return Incomplete;
            }

            if (isWhole || TrySkip(in decision, _frameOffset))
            {
                if (isWhole)
                {
                    Deliver(_held.Sequence.Slice(decision.Skip, decision.Length), _frameOffset + decision.Skip, decision.Tag);
                }

                if (owner.HasEnded)
                {
                    return Ended;
                }

                _held.Consume(total);
                if (_held.TryLeaveLent(out int left))
                {
                    return left;
                }

                // The next frame begins in held bytes, too: the parser requested more than it needed, or frames waited for the consumer.
                _frameOffset += total;
                _needed = 0;
                _isDecided = false;
                _seen = 0;
            }
            else if (!Expect(in decision, _held.Length))
            {
                return Ended;
            }
        }

        return Incomplete;
    }

    private void Deliver(in ReadOnlySequence<byte> frame, long streamOffset, int tag)
    {
        ReceivedFrame lent = _scope.Begin(in frame, streamOffset, tag);
        try
        {
            owner.Pass(lent);
        }
        finally
        {
            _scope.End();
        }
    }

    /// <summary>Determines whether a frame must wait, because the source is paused or a consumer has no room for the frame.</summary>
    private bool MustWait(long length) => Source!.IsPaused || !_scope.Admits(length);

    /// <summary>Keeps the decision on a frame that must wait, so that the cutter is not called again for it.</summary>
    private void Remember(in FrameDecision decision)
    {
        _isDecided = true;
        _decision = decision;
        _needed = decision.Total;
    }

    /// <summary>Makes the source call the owner again when the source is no longer paused.</summary>
    private void Wait()
    {
        IsWaiting = true;
        Source!.Postpone(owner);
    }

    private bool IsAcceptable(in FrameDecision decision, long total) =>
        decision.Kind == FrameDecisionKind.Frame && decision.Length <= maxLength && total - decision.Length <= _overhead && total > 0;

    /// <summary>Prepares for the bytes that an incomplete frame still needs.</summary>
    /// <returns>False when the frame is invalid or too long. The frames have then ended with an error.</returns>
    private bool Expect(in FrameDecision decision, long available)
    {
        _isDecided = decision.Kind == FrameDecisionKind.Frame;
        if (_isDecided)
        {
            _decision = decision;
            _needed = decision.Total;
            if (IsAcceptable(in decision, _needed))
            {
                return true;
            }

            owner.Refuse(ZcrxFramingException.OfFrame(_frameOffset, in decision, maxLength, _overhead, isDelimited: cutter.LongestDelimiter > 0));
            return false;
        }

        if (decision.Kind == FrameDecisionKind.Error)
        {
            owner.Refuse(ZcrxFramingException.NoFrame(_frameOffset, maxLength, decision));
            return false;
        }

        _seen = available;
        _needed = Math.Max(decision.Length, available + 1);
        if (_skips is not null || !IsBeyondLimit)
        {
            return true;
        }

        owner.Refuse(ZcrxFramingException.TooLong(_frameOffset, decision.Length > available ? decision.Length : null, maxLength));
        return false;
    }

    private void Keep(in ReceivedBuffer buffer)
    {
        if (_isSkipping || IsBeyondLimit)
        {
            Drop();
            return;
        }

        if (_membership.Follow(in buffer))
        {
            _held.SetBudget(Holder?.CopyBudget);
        }

        if (!_held.Keep(in buffer, isBounded: !IsWaiting))
        {
            owner.Refuse(OverBudget());
        }
    }

    private ZcrxFramingException OverBudget() => ZcrxFramingException.OverBudget(_frameOffset, _isDecided ? _decision.Total : null, maxLength, Holder?.CopyBudget?.Limit ?? 0);

    /// <summary>Gets a value that indicates whether the frame needs more bytes than the longest accepted frame with its overhead.</summary>
    private bool IsBeyondLimit => _needed > (long)maxLength + _overhead;

    /// <summary>Skips a frame that is too long once its delimiter was found.</summary>
    /// <returns>False when no frame was found, or when a frame that is too long is an error.</returns>
    private bool TrySkip(in FrameDecision decision, long frameOffset)
    {
        if (_skips is null || decision.Kind != FrameDecisionKind.Frame)
        {
            return false;
        }

        Count(frameOffset, decision.Length);
        return true;
    }

    /// <summary>Drops the bytes of a frame that is too long, and copies the last few, because a delimiter may begin in them.</summary>
    private void Drop()
    {
        long count = Math.Max(0, _held.Length - (cutter.LongestDelimiter - 1));
        _held.Consume(count);
        _held.Copy();
        _isSkipping = true;
        _dropped += count;
        _seen = _held.Length;
        _needed = 0;
    }

    /// <summary>Determines, at the end of the stream, whether the bytes behind the last frame form a frame that must wait.</summary>
    public bool MustWaitAtEnd()
    {
        if (!IsInside || (_rest ??= DecideRest()) is not { Kind: FrameDecisionKind.Frame } rest || _dropped + rest.Length > maxLength || !MustWait(rest.Length))
        {
            return false;
        }

        Wait();
        return true;
    }

    /// <summary>Delivers the bytes behind the last frame, skips them or reports an error, because the stream has ended.</summary>
    /// <returns>The error with which the frames end; null for none.</returns>
    public ZcrxFramingException? EndInside()
    {
        long received = _dropped + _held.Length;
        FrameDecision rest = _rest ?? DecideRest();
        if (rest.Kind != FrameDecisionKind.Frame)
        {
            return rest.Kind == FrameDecisionKind.Error
                ? ZcrxFramingException.NoFrame(_frameOffset, maxLength, rest)
                : ZcrxFramingException.EndedInside(_frameOffset, received, _isDecided ? _decision.Total : null, maxLength, isDelimited: cutter.LongestDelimiter > 0);
        }

        if (_dropped + rest.Length > maxLength && _skips is null)
        {
            return ZcrxFramingException.TooLong(_frameOffset, null, maxLength);
        }

        try
        {
            if (_dropped + rest.Length > maxLength)
            {
                Count(_frameOffset, _held.Length);
            }
            else
            {
                _scope.ClearBuffer();
                Deliver(_held.Sequence.Slice(rest.Skip, rest.Length), _frameOffset + rest.Skip, rest.Tag);
            }
        }
        catch (Exception exception)
        {
            // A source that has ended does not pass this exception to OnError, so it is passed here.
            owner.Fail(exception);
            throw;
        }

        return null;
    }

    /// <summary>Decides on the bytes behind the last frame: a frame of all of them, an error, or else <c>NeedMore</c>.</summary>
    private FrameDecision DecideRest()
    {
        if (_deliversUnterminated)
        {
            return FrameDecision.Frame(0, _held.Length);
        }

        FrameDecision rest = _isSkipping ? FrameDecision.NeedMore() : cutter.CutEnd(_held.Sequence);
        return rest.Kind == FrameDecisionKind.Error || (IsAcceptable(in rest, rest.Total) && rest.Total == _held.Length) ? rest : FrameDecision.NeedMore();
    }

    private void Count(long frameOffset, long rest)
    {
        SkippedFrame frame = new(frameOffset, _dropped + rest);
        _isSkipping = false;
        _dropped = 0;
        _skips!.Add(frame);
    }
}
