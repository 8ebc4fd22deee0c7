using Zcrx.Interop;

namespace Zcrx.Rx;

/// <summary>A stream could not be cut into frames: one is too long, the stream ended inside one, or the bytes are none.</summary>
/// <remarks>
/// Handed to <c>OnError</c>, after the operator has released every buffer it kept and has unsubscribed. Frames before were handed on whole.
/// The connection ends with it, since nobody knows where its next frame begins.
/// </remarks>
public sealed class ZcrxFramingException : ZcrxException
{
    /// <summary>A stream that could not be cut into frames.</summary>
    /// <param name="streamOffset">Where in the stream the frame begins that could not be cut.</param>
    /// <param name="announcedLength">How long it says it is, if it does.</param>
    /// <param name="limit">The longest frame that is accepted.</param>
    /// <param name="cause">Why: a clause without a full stop.</param>
    /// <param name="fix">What would help: a sentence without a full stop, or an empty string.</param>
    /// <param name="innerException">What led to this, if anything.</param>
    public ZcrxFramingException(long streamOffset, long? announcedLength, int limit, string cause, string fix, Exception? innerException = null)
        : base($"Reading the frame at byte {streamOffset} of the stream", 0, cause, fix, innerException)
    {
        StreamOffset = streamOffset;
        AnnouncedLength = announcedLength;
        Limit = limit;
    }

    /// <summary>Where in the stream the frame begins, its header included, in bytes from the stream's start.</summary>
    public long StreamOffset { get; }

    /// <summary>How many bytes the frame says it has; null when it does not say, as delimited frames never do.</summary>
    public long? AnnouncedLength { get; }

    /// <summary>The longest frame that is accepted, in bytes.</summary>
    public int Limit { get; }

    internal static ZcrxFramingException TooLong(long streamOffset, long? announcedLength, int limit) => new(
        streamOffset,
        announcedLength,
        limit,
        announcedLength is { } length ? $"it announces {length} bytes, and the limit is {limit}" : $"it has not ended within the limit of {limit} bytes",
        "Raise maxLength if such frames are meant to arrive; else the peer frames differently, or the subscription began inside a frame");

    internal static ZcrxFramingException OverBudget(long streamOffset, long? announcedLength, int limit, long budget) => new(
        streamOffset,
        announcedLength,
        limit,
        $"unfinished frames of all connections of the queue have copied as much as they may, {budget} bytes",
        "Raise MaxCopiedFrameBytes of the queue, enlarge its pool, or accept shorter frames or fewer connections");

    internal static ZcrxFramingException EndedInside(long streamOffset, long received, long? total, int limit, bool isDelimited) => new(
        streamOffset,
        total,
        limit,
        total is { } all ? $"the stream ended {received} bytes into a frame of {all}" : $"the stream ended {received} bytes into a frame",
        isDelimited
            ? "The peer closed the connection before it had sent a delimiter. Set FramingOptions.DeliversUnterminated if the last frame may lack one"
            : "The peer closed the connection before it had sent the frame whole; nothing of it was handed on");

    internal static ZcrxFramingException NoFrame(long streamOffset, int limit, FrameDecision decision) => new(
        streamOffset, null, limit, decision.Reason, "Check that both sides frame alike, and that the subscription began at a frame's first byte", decision.Exception);

    /// <summary>Returns why a frame that was found is not acceptable.</summary>
    internal static ZcrxFramingException OfFrame(long streamOffset, in FrameDecision decision, int limit, int overhead, bool isDelimited)
    {
        if (decision.Length > limit)
        {
            // A delimited frame announces nothing: the error is the one that the same frame causes when it arrives in pieces.
            return TooLong(streamOffset, isDelimited ? null : decision.Length, limit);
        }

        return BadParser(
            streamOffset,
            limit,
            decision.Total == 0
                ? "the parser found a frame of no bytes at all, and would find it again for ever"
                : $"the parser drops {decision.Total - decision.Length} bytes around a frame, more than the {overhead} of its MaxOverhead");
    }

    internal static ZcrxFramingException BadParser(long streamOffset, int limit, string cause) => new(
        streamOffset, null, limit, cause, "Correct the frame parser");

    internal static ZcrxFramingException Gap(long expected, long got, int limit) => new(
        expected,
        null,
        limit,
        $"the next bytes that arrived are those from byte {got} on",
        "Frame the buffers of one connection, all of them and in their order: no operator before may drop, merge or reorder them");
}
