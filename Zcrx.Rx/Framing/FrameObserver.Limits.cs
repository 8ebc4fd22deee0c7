namespace Zcrx.Rx.Framing;

/// <content>Frames that are too long, and the end of the stream inside a frame. All of this runs inside.</content>
internal sealed partial class FrameObserver<TCutter>
{
    /// <summary>Gets a value that says that the frame needs more bytes than the longest frame and its overhead have.</summary>
    private bool IsBeyondLimit => _needed > (long)maxLength + _overhead;

    /// <summary>Skips a frame whose delimiter has been found. Call it for frames that cannot be delivered.</summary>
    /// <returns>False when the decision is no frame, or such frames are errors.</returns>
    private bool TrySkip(in FrameDecision decision, long frameOffset)
    {
        if (_skips is null || decision.Kind != FrameDecisionKind.Frame)
        {
            return false;
        }

        Count(frameOffset, decision.Length);
        return true;
    }

    /// <summary>Drops what has arrived of a frame that is too long.</summary>
    /// <remarks>Its last bytes are copied, since they can be the beginning of its delimiter.</remarks>
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

    /// <summary>Delivers, skips or refuses the bytes behind the last frame, since the stream has ended.</summary>
    /// <returns>The error with which the frames end, if any.</returns>
    private ZcrxFramingException? EndInside()
    {
        long received = _dropped + _held.Length;
        bool isDelimited = cutter.LongestDelimiter > 0;
        if (!_deliversUnterminated)
        {
            return ZcrxFramingException.EndedInside(_frameOffset, received, _isDecided ? _decision.Total : null, maxLength, isDelimited);
        }

        if (received > maxLength && _skips is null)
        {
            return ZcrxFramingException.TooLong(_frameOffset, null, maxLength);
        }

        try
        {
            if (received > maxLength)
            {
                Count(_frameOffset, _held.Length);
            }
            else
            {
                Deliver(_held.Sequence);
            }
        }
        catch (Exception exception)
        {
            // The source has ended, so it does not hand the exception back as an error.
            Fail(exception);
            throw;
        }

        return null;
    }

    private void Count(long frameOffset, long rest)
    {
        SkippedFrame frame = new(frameOffset, _dropped + rest);
        _isSkipping = false;
        _dropped = 0;
        _skips!.Add(frame);
    }
}
