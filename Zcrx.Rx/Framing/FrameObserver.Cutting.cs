using System.Buffers;
using Zcrx.Interop;
using Zcrx.Interop.Leases;

namespace Zcrx.Rx.Framing;

/// <content>Finding frames in buffers. All of this runs inside.</content>
internal sealed partial class FrameObserver<TCutter>
{
    private void Receive(in ReceivedBuffer buffer)
    {
        _source = buffer.Holder;
        _checksBorrows = buffer.Ledger.ChecksBorrows;
        ReadOnlyMemory<byte> memory = buffer.UncheckedMemory;
        ReadOnlySpan<byte> span = buffer.Span;
        long offset = buffer.StreamOffset;
        if (offset != _next && _next != Unknown)
        {
            Refuse(ZcrxFramingException.Gap(_next, offset, maxLength));
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
                Deliver(new ReadOnlySequence<byte>(memory.Slice(position + decision.Skip, (int)decision.Length)));
                position += (int)total;
                if (HasEnded)
                {
                    return;
                }
            }
            else if (TrySkip(in decision, offset + position))
            {
                position += (int)total;
                if (HasEnded)
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

    /// <summary>Continues a frame that began in an earlier buffer.</summary>
    /// <returns>How much of the buffer is left to be cut; 0 also when it was kept, or the stream has ended.</returns>
    private int Join(in ReceivedBuffer buffer, ReadOnlyMemory<byte> memory)
    {
        _held.Lend(memory);
        while (_held.Length >= _needed)
        {
            FrameDecision decision = _isDecided ? _decision : cutter.Cut(_held.Sequence, _seen);
            long total = decision.Total;
            bool isWhole = !_isSkipping && IsAcceptable(in decision, total) && total <= _held.Length;
            if (isWhole || TrySkip(in decision, _frameOffset))
            {
                if (isWhole)
                {
                    Deliver(_held.Sequence.Slice(decision.Skip, decision.Length));
                }

                if (HasEnded)
                {
                    return 0;
                }

                _held.Consume(total);
                if (_held.TryLeaveLent(out int left))
                {
                    return left;
                }

                // The parser had asked for more than it needed, so that even the next frame begins in an earlier buffer.
                _frameOffset += total;
                _needed = 0;
                _isDecided = false;
                _seen = 0;
            }
            else if (!Expect(in decision, _held.Length))
            {
                return 0;
            }
        }

        Keep(in buffer);
        return 0;
    }

    private void Deliver(in ReadOnlySequence<byte> frame)
    {
        if (!_checksBorrows)
        {
            _downstream!.OnNext(frame);
            return;
        }

        using FrameLoan loan = new();
        _downstream!.OnNext(loan.Lend(frame));
    }

    private bool IsAcceptable(in FrameDecision decision, long total) =>
        decision.Kind == FrameDecisionKind.Frame && decision.Length <= maxLength && total - decision.Length <= _overhead && total > 0;

    /// <summary>Notes what a frame still needs that is not buffered whole.</summary>
    /// <returns>False when there can be no such frame, and the stream has ended.</returns>
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

            Refuse(Refusal(in decision));
            return false;
        }

        if (decision.Kind == FrameDecisionKind.Error)
        {
            Refuse(ZcrxFramingException.NoFrame(_frameOffset, maxLength, decision));
            return false;
        }

        _seen = available;
        _needed = Math.Max(decision.Length, available + 1);
        if (_skips is not null || !IsBeyondLimit)
        {
            return true;
        }

        Refuse(ZcrxFramingException.TooLong(_frameOffset, decision.Length > available ? decision.Length : null, maxLength));
        return false;
    }

    private ZcrxFramingException Refusal(in FrameDecision decision)
    {
        if (decision.Length > maxLength)
        {
            // A delimited frame announces nothing: the error is the one that the same frame causes when it arrives in pieces.
            return ZcrxFramingException.TooLong(_frameOffset, cutter.LongestDelimiter > 0 ? null : decision.Length, maxLength);
        }

        return ZcrxFramingException.BadParser(
            _frameOffset,
            maxLength,
            decision.Total == 0
                ? "the parser found a frame of no bytes at all, and would find it again for ever"
                : $"the parser drops {decision.Total - decision.Length} bytes around a frame, more than the {_overhead} of its MaxOverhead");
    }

    private void Keep(in ReceivedBuffer buffer)
    {
        if (_isSkipping || IsBeyondLimit)
        {
            Drop();
            return;
        }

        BufferLedger ledger = buffer.Ledger;
        if (ledger != _relieves)
        {
            // On another queue for the first time; or again, so that it may know us.
            if (_relieves is null || !ledger.Relief.Contains(this))
            {
                ledger.Relief.Add(this);
            }

            _relieves = ledger;
            _holder = buffer.Holder;
        }

        _held.Keep(in buffer);
    }
}
