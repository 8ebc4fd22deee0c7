using Zcrx.Interop;

namespace Zcrx.Rx;

/// <summary>
/// Represents the error of a stream that cannot be cut into frames. A frame is too long or incomplete, or its bytes are invalid.
/// </summary>
/// <remarks>
/// <para><c>Frames</c> passes the exception to <c>OnError</c> after the operator has released its leases and unsubscribed. Frames before
/// the invalid one were delivered. The connection ends as well, because the start of the next frame is unknown.</para>
/// <para>A pipe reader throws the exception from a read if it holds more unconsumed bytes than its limit allows.</para>
/// </remarks>
public sealed class ZcrxFramingException : ZcrxException
{
    /// <summary>Initializes an exception for a stream that could not be cut into frames.</summary>
    /// <param name="streamOffset">The stream offset at which the invalid frame begins.</param>
    /// <param name="announcedLength">The length that the frame announces; null for none.</param>
    /// <param name="limit">The length of the longest accepted frame.</param>
    /// <param name="cause">The cause, as a clause without a full stop.</param>
    /// <param name="fix">The likely fix, as a sentence without a full stop, or an empty string.</param>
    /// <param name="innerException">The exception that caused this one; null for none.</param>
    public ZcrxFramingException(long streamOffset, long? announcedLength, int limit, string cause, string fix, Exception? innerException = null)
        : base($"Reading the frame at byte {streamOffset} of the stream", 0, cause, fix, innerException)
    {
        StreamOffset = streamOffset;
        AnnouncedLength = announcedLength;
        Limit = limit;
    }

    /// <summary>Gets the stream offset at which the frame begins, including its header.</summary>
    public long StreamOffset { get; }

    /// <summary>Gets the length in bytes that the frame announces; null if it announces none, as with delimiters.</summary>
    public long? AnnouncedLength { get; }

    /// <summary>Gets the length of the longest accepted frame, in bytes.</summary>
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
        $"the copies of unfinished frames and messages have reached the bound of the queue, {budget} bytes",
        "Raise MaxCopiedFrameBytes of the queue, enlarge its pool, or accept shorter frames or fewer connections");

    internal static ZcrxFramingException Unconsumed(long streamOffset, long examined, long bound, int limit) => new(
        streamOffset,
        null,
        limit,
        $"the pipe reader has examined {examined} bytes without consuming any, and may hold {bound}",
        "Consume what has been read, raise maxUnconsumedBytes, or limit the length of a message");

    internal static ZcrxFramingException EndedInside(long streamOffset, long received, long? total, int limit, bool isDelimited) => new(
        streamOffset,
        total,
        limit,
        total is { } all ? $"the stream ended {received} bytes into a frame of {all}" : $"the stream ended {received} bytes into a frame",
        isDelimited
            ? "The peer closed the connection before it had sent a delimiter. Set FramingOptions.DeliversUnterminated if the last frame may lack one"
            : "The peer closed the connection before it had sent the whole frame. No byte of the frame was delivered");

    internal static ZcrxFramingException NoFrame(long streamOffset, int limit, FrameDecision decision) => new(
        streamOffset, null, limit, decision.Reason, "Check that both sides frame alike, and that the subscription began at a frame's first byte", decision.Exception);

    /// <summary>Creates the exception for a frame that was found but is not acceptable.</summary>
    internal static ZcrxFramingException OfFrame(long streamOffset, in FrameDecision decision, int limit, int overhead, bool isDelimited)
    {
        if (decision.Length > limit)
        {
            // A delimited frame announces no length. The error must not depend on whether the frame arrived in one buffer.
            return TooLong(streamOffset, isDelimited ? null : decision.Length, limit);
        }

        return BadParser(
            streamOffset,
            limit,
            decision.Total == 0
                ? "the parser found a frame of no bytes at all, and would find the same frame again and again"
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
