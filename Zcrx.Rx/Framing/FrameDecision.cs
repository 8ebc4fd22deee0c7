namespace Zcrx.Rx;

/// <summary>
/// Represents the answer of an <see cref="IFrameParser"/>: more bytes are needed, a frame was found, or the bytes are invalid.
/// </summary>
/// <remarks>Immutable. The default value requests at least one more byte.</remarks>
public readonly record struct FrameDecision
{
    // The reason as a string, or the exception that a parser has thrown.
    private readonly object? _problem;

    private FrameDecision(FrameDecisionKind kind, int skip, long length, int trailing, object? problem)
    {
        Kind = kind;
        Skip = skip;
        Length = length;
        Trailing = trailing;
        _problem = problem;
    }

    /// <summary>Gets a number that the consumer receives with the frame, as <see cref="ReceivedFrame.Tag"/>; 0 by default.</summary>
    /// <remarks>A parser uses the tag to describe the frame, for example its type or that it is damaged. Set the tag with
    /// <c>FrameDecision.Frame(…) with { Tag = … }</c>.</remarks>
    public int Tag { get; init; }

    internal FrameDecisionKind Kind { get; }

    /// <summary>Gets the number of bytes before the frame that are dropped: its header.</summary>
    internal int Skip { get; }

    /// <summary>Gets the number of bytes of the frame. If more bytes are needed, gets the number of bytes that must be buffered.</summary>
    internal long Length { get; }

    /// <summary>Gets the number of bytes after the frame that are dropped: its delimiter or trailer.</summary>
    internal int Trailing { get; }

    /// <summary>Gets the total number of bytes of a frame, including the bytes around it.</summary>
    internal long Total => Length + Skip + Trailing;

    internal string Reason => _problem switch
    {
        string reason => reason,
        Exception exception => $"the parser threw {exception.GetType().Name}: {exception.Message.TrimEnd('.')}",
        _ => "the parser gave no reason",
    };

    internal Exception? Exception => _problem as Exception;

    /// <summary>Returns the decision that more bytes are needed to find the frame.</summary>
    /// <param name="total">The number of bytes that must be buffered before the next call, counted from the first byte of this call.
    /// A value that does not exceed the number of bytes already buffered requests one more byte.</param>
    /// <returns>The decision. A total beyond the longest accepted frame ends the stream with an error.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    public static FrameDecision NeedMore(long total = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(total);
        return new FrameDecision(FrameDecisionKind.NeedMore, 0, total, 0, null);
    }

    /// <summary>Returns the decision that a frame begins here. An incomplete frame is delivered once all its bytes have arrived.</summary>
    /// <remarks>The parser is not called again for that frame.</remarks>
    /// <param name="skip">The number of bytes before the frame that are not part of it, such as its header.</param>
    /// <param name="length">The number of bytes of the frame itself. A frame may be empty.</param>
    /// <param name="trailing">The number of bytes after the frame that are not part of it, such as a delimiter or a checksum.</param>
    /// <returns>The decision. If all three numbers are 0, the stream ends with an error: the parser would make no progress.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A number is negative.</exception>
    public static FrameDecision Frame(int skip, long length, int trailing = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(skip);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfNegative(trailing);
        return new FrameDecision(FrameDecisionKind.Frame, skip, length, trailing, null);
    }

    /// <summary>Returns the decision that the bytes are not a frame. The stream ends with a <see cref="ZcrxFramingException"/>.</summary>
    /// <param name="reason">The reason: a clause without a full stop.</param>
    /// <returns>The decision.</returns>
    public static FrameDecision Error(string reason)
    {
        ArgumentException.ThrowIfNullOrEmpty(reason);
        return new FrameDecision(FrameDecisionKind.Error, 0, 0, 0, reason);
    }

    internal static FrameDecision Thrown(Exception exception) => new(FrameDecisionKind.Error, 0, 0, 0, exception);
}
