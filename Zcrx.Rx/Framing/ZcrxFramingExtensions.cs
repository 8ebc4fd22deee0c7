using Zcrx.Interop;
using Zcrx.Rx.Framing;

namespace Zcrx.Rx;

/// <summary>Cuts a connection's buffers into frames, without copying them.</summary>
/// <remarks>
/// <para>Ownership: a frame is borrowed like its buffers, and valid inside <c>OnNext</c>. <see cref="ReceivedFrame.Retain"/> leases it. A
/// frame that spans buffers is a sequence over all of them. At most <see cref="FramingOptions.MaxLeasedBuffers"/> of them are leased until
/// it is complete; the other bytes are copied.</para>
/// <para>Backpressure: a paused connection delivers no further frame, not even from a buffer that was delivered before.</para>
/// <para>Threading: frames arrive on the thread on which the buffers arrive. A subscription may be disposed from any thread, including
/// inside <c>OnNext</c>. Its buffers are released once, and never during a running <c>OnNext</c>, which may finish after the
/// disposal.</para>
/// <para>Errors: bytes that cannot be cut end the frames with a <see cref="ZcrxFramingException"/> and unsubscribe from the source. A
/// source that ends inside a frame causes this error, too. An exception of the observer's <c>OnNext</c> propagates to the source.</para>
/// <para>Each subscription cuts independently, from the first buffer that it receives. That buffer must begin with a frame.</para>
/// </remarks>
public static class ZcrxFramingExtensions
{
    /// <summary>Finds frames that follow a length prefix.</summary>
    /// <param name="source">The buffers of one connection, all of them and in order.</param>
    /// <param name="prefix">The form of the prefix. It is not part of the frames.</param>
    /// <param name="maxLength">The length of the longest accepted frame, in bytes, without its prefix.</param>
    /// <param name="options">The options for incomplete frames, or null for the defaults.</param>
    /// <returns>The frames, empty ones included.</returns>
    /// <exception cref="ArgumentException">The prefix is the default value, which is invalid, or an option is for delimited frames
    /// only.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The longest accepted frame has less than 1 byte, or 2 GiB or more.</exception>
    public static IObservable<ReceivedFrame> Frames(
        this IObservable<ReceivedBuffer> source, LengthPrefix prefix, long maxLength, FramingOptions? options = null)
    {
        if (prefix.Size == 0)
        {
            throw new ArgumentException("Specify the prefix, for instance LengthPrefix.UInt32BigEndian.", nameof(prefix));
        }

        return Frames(source, new LengthPrefixCutter(prefix), maxLength, options);
    }

    /// <summary>Finds frames that end with a delimiter.</summary>
    /// <param name="source">One connection's buffers, all of them and in their order.</param>
    /// <param name="delimiter">The end of each frame. For several delimiters, use
    /// <see cref="Delimiter.Any(ReadOnlySpan{Delimiter})"/>.</param>
    /// <param name="maxLength">The length of the longest accepted frame, in bytes. The delimiter counts where it is part of the
    /// frames.</param>
    /// <param name="options">The options for incomplete frames, or null for the defaults.</param>
    /// <returns>The frames, empty ones included. Bytes after the last delimiter are an incomplete frame, and therefore an error, unless
    /// <see cref="FramingOptions.DeliversUnterminated"/> is set.</returns>
    /// <exception cref="ArgumentException">The delimiter is empty.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The longest frame has less than 1 byte, or 2 GiB or more.</exception>
    public static IObservable<ReceivedFrame> Frames(
        this IObservable<ReceivedBuffer> source, Delimiter delimiter, long maxLength, FramingOptions? options = null)
    {
        if (delimiter.Array is not { } bytes)
        {
            throw new ArgumentException("Specify the delimiter, for instance Delimiter.LineFeed.", nameof(delimiter));
        }

        return delimiter.Set is { } set
            ? Frames(source, new DelimiterSetCutter(set, delimiter.IncludeDelimiter), maxLength, options)
            : Frames(source, new DelimiterCutter(bytes, delimiter.IncludeDelimiter), maxLength, options);
    }

    /// <summary>Finds frames with a parser of the application.</summary>
    /// <param name="source">One connection's buffers, all of them and in their order.</param>
    /// <param name="parser">Finds the frames. Many streams may share a parser that has no state.</param>
    /// <param name="maxLength">The length of the longest accepted frame, in bytes, without the bytes around it that the parser
    /// drops.</param>
    /// <param name="options">The options for incomplete frames, or null for the defaults.</param>
    /// <returns>The frames, empty ones included.</returns>
    /// <exception cref="ArgumentException">
    /// The parser's <see cref="IFrameParser.MaxOverhead"/> is negative, or an option is for delimited frames only.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">The longest frame has less than 1 byte, or 2 GiB or more.</exception>
    public static IObservable<ReceivedFrame> Frames(
        this IObservable<ReceivedBuffer> source, IFrameParser parser, long maxLength, FramingOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(parser);
        int overhead = parser.MaxOverhead;
        if (overhead < 0)
        {
            throw new ArgumentException($"The parser's MaxOverhead is {overhead}; it must not be negative.", nameof(parser));
        }

        return Frames(source, new ParserCutter(parser, overhead), maxLength, options);
    }

    private static FrameObservable<TCutter> Frames<TCutter>(
        IObservable<ReceivedBuffer> source, TCutter cutter, long maxLength, FramingOptions? options)
        where TCutter : struct, IFrameCutter
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxLength, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maxLength, int.MaxValue);
        options ??= FramingOptions.Default;
        if (cutter.LongestDelimiter == 0 && (options.DeliversUnterminated || options.Skips is not null))
        {
            string name = options.DeliversUnterminated ? nameof(FramingOptions.DeliversUnterminated) : nameof(FramingOptions.Skips);
            throw new ArgumentException($"FramingOptions.{name} is for delimited frames only. Leave it unset for other frames.", nameof(options));
        }

        return new FrameObservable<TCutter>(source, cutter, (int)maxLength, options);
    }
}
