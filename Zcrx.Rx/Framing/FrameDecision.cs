namespace Zcrx.Rx;

/// <summary>
/// Represents the answer of an <see cref="IFrameParser"/>: a frame was found, more bytes are needed, or the bytes are invalid.
/// </summary>
/// <remarks>Immutable. The default value requests at least one more byte.</remarks>
public readonly record struct FrameDecision
{
    // A reason as a string, or the exception that the parser has thrown.
    private readonly object? _problem;

    private FrameDecision(FrameDecisionKind kind, int skip, long length, int trailing, object? problem)
    {
        Kind = kind;
        Skip = skip;
        Length = length;
        Trailing = trailing;
        _problem = problem;
    }

    /// <summary>Gets a number that the consumer receives with the frame as <see cref="ReceivedFrame.Tag"/>. The default is 0.</summary>
    /// <remarks>
    /// A parser describes a frame by its tag, for example by its type or by a mark for a damaged frame. Set the tag with
    /// <c>FrameDecision.Frame(…) with { Tag = … }</c>.
    /// </remarks>
    public int Tag { get; init; }

    internal FrameDecisionKind Kind { get; }

    /// <summary>Gets the number of bytes to drop before the frame, such as its header.</summary>
    internal int Skip { get; }

    /// <summary>Gets the number of bytes in the frame. If more bytes are needed, gets the number of bytes that must be buffered.</summary>
    internal long Length { get; }

    /// <summary>Gets the number of bytes to drop behind the frame, such as its delimiter or trailer.</summary>
    internal int Trailing { get; }

    /// <summary>Gets the number of bytes in the frame and in its header and trailer.</summary>
    internal long Total => Length + Skip + Trailing;

    internal string Reason => _problem switch
    {
        string reason => reason,
        Exception exception => $"the parser threw {exception.GetType().Name}: {exception.Message.TrimEnd('.')}",
        _ => "the parser gave no reason",
    };

    internal Exception? Exception => _problem as Exception;

    /// <summary>Creates the decision that more bytes are needed before a frame can be found.</summary>
    /// <param name="total">
    /// The number of bytes that must be buffered before the parser is called again, counted from the first byte of this call. A value that
    /// does not exceed the bytes already buffered requests one more byte.
    /// </param>
    /// <returns>The decision. If the total exceeds the longest accepted frame, the stream ends with an error.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    public static FrameDecision NeedMore(long total = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(total);
        return new FrameDecision(FrameDecisionKind.NeedMore, 0, total, 0, null);
    }

    /// <summary>
    /// Creates the decision that a frame begins at the first buffered byte. If the frame is incomplete, it is delivered once all its bytes
    /// have arrived.
    /// </summary>
    /// <remarks>The parser is not called again for this frame.</remarks>
    /// <param name="skip">The number of bytes to drop before the frame, such as its header.</param>
    /// <param name="length">The number of bytes in the frame itself; 0 for an empty frame.</param>
    /// <param name="trailing">The number of bytes to drop behind the frame, such as a delimiter or a checksum.</param>
    /// <returns>
    /// The decision. At least one of the numbers must be positive. Otherwise the stream ends with an error, because the parser would make
    /// no progress.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException">A number is negative.</exception>
    public static FrameDecision Frame(int skip, long length, int trailing = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(skip);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfNegative(trailing);
        return new FrameDecision(FrameDecisionKind.Frame, skip, length, trailing, null);
    }

    /// <summary>Creates the decision that the bytes are invalid. The stream ends with a <see cref="ZcrxFramingException"/>.</summary>
    /// <param name="reason">The reason, as a clause without a full stop.</param>
    /// <returns>The decision.</returns>
    public static FrameDecision Error(string reason)
    {
        ArgumentException.ThrowIfNullOrEmpty(reason);
        return new FrameDecision(FrameDecisionKind.Error, 0, 0, 0, reason);
    }

    internal static FrameDecision Thrown(Exception exception) => new(FrameDecisionKind.Error, 0, 0, 0, exception);
}
