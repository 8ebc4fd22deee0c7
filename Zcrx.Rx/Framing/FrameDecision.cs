namespace Zcrx.Rx;

/// <summary>What an <see cref="IFrameParser"/> makes of the bytes that are buffered: more is needed, here is a frame, or this is no frame.</summary>
/// <remarks>Immutable. The default value asks for at least one byte more.</remarks>
public readonly record struct FrameDecision
{
    // A reason, or the exception that a parser has thrown.
    private readonly object? _problem;

    private FrameDecision(FrameDecisionKind kind, int skip, long length, int trailing, object? problem)
    {
        Kind = kind;
        Skip = skip;
        Length = length;
        Trailing = trailing;
        _problem = problem;
    }

    internal FrameDecisionKind Kind { get; }

    /// <summary>Bytes before the frame that are dropped: its header.</summary>
    internal int Skip { get; }

    /// <summary>Bytes of the frame; of all that must be buffered, when more is needed.</summary>
    internal long Length { get; }

    /// <summary>Bytes after the frame that are dropped: its delimiter, its trailer.</summary>
    internal int Trailing { get; }

    /// <summary>All bytes of a frame, with what surrounds it.</summary>
    internal long Total => Length + Skip + Trailing;

    internal string Reason => _problem switch
    {
        string reason => reason,
        Exception exception => $"the parser threw {exception.GetType().Name}: {exception.Message.TrimEnd('.')}",
        _ => "the parser gave no reason",
    };

    internal Exception? Exception => _problem as Exception;

    /// <summary>The frame cannot be told yet.</summary>
    /// <param name="total">How many bytes, counted from the first one that was shown, must be there before it is worth asking again;
    /// anything up to what is already there means one more.</param>
    /// <returns>The decision. A total beyond the longest frame that is accepted ends the stream with an error.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    public static FrameDecision NeedMore(long total = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(total);
        return new FrameDecision(FrameDecisionKind.NeedMore, 0, total, 0, null);
    }

    /// <summary>A frame begins here. It need not be buffered whole: it is handed on as soon as it is, without asking again.</summary>
    /// <param name="skip">Bytes before it that are not part of it, such as its header.</param>
    /// <param name="length">Bytes of the frame itself; 0 is a frame, too.</param>
    /// <param name="trailing">Bytes behind it that are not part of it, such as a delimiter or a check sum.</param>
    /// <returns>The decision. One of no bytes at all (three times 0) ends the stream with an error, for it would never end.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A number is negative.</exception>
    public static FrameDecision Frame(int skip, long length, int trailing = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(skip);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfNegative(trailing);
        return new FrameDecision(FrameDecisionKind.Frame, skip, length, trailing, null);
    }

    /// <summary>The bytes are no frame: the stream ends with a <see cref="ZcrxFramingException"/>.</summary>
    /// <param name="reason">Why: a clause without a full stop.</param>
    /// <returns>The decision.</returns>
    public static FrameDecision Error(string reason)
    {
        ArgumentException.ThrowIfNullOrEmpty(reason);
        return new FrameDecision(FrameDecisionKind.Error, 0, 0, 0, reason);
    }

    internal static FrameDecision Thrown(Exception exception) => new(FrameDecisionKind.Error, 0, 0, 0, exception);
}
