using Zcrx.Interop;
using Zcrx.Rx.Framing;

namespace Zcrx.Rx;

/// <summary>Cuts a connection's buffers into frames, without copying them.</summary>
/// <remarks>
/// <para>Ownership: a frame is borrowed like its buffers, and valid inside <c>OnNext</c>. <see cref="ReceivedFrame.Retain"/> leases it. A
/// frame that spans buffers is a sequence over all of them. While it is incomplete, at most <see cref="FramingOptions.MaxLeasedBuffers"/>
/// buffers are leased and further bytes are copied.</para>
/// <para>Backpressure: a paused connection delivers no frames, not even from a buffer that has been delivered in part.</para>
/// <para>Threading: frames arrive on the thread on which the buffers arrive. Any thread may dispose a subscription, also inside
/// <c>OnNext</c>. If <c>OnNext</c> is running, it may finish after the disposal, and the buffers are released afterwards.</para>
/// <para>Errors: bytes that cannot be cut end the frames with a <see cref="ZcrxFramingException"/> and unsubscribe from the source. So does
/// a source that ends inside a frame. An exception of the observer's <c>OnNext</c> is thrown to the source.</para>
/// <para>Each subscription cuts independently. The first buffer that it receives must begin with a frame.</para>
/// </remarks>
public static class ZcrxFramingExtensions
{
    /// <summary>Cuts a stream into frames that begin with a length prefix.</summary>
    /// <param name="source">All buffers of one connection, in order.</param>
    /// <param name="prefix">The format of the prefix. The prefix is not part of the delivered frames.</param>
    /// <param name="maxLength">The number of bytes in the longest accepted frame, without its prefix.</param>
    /// <param name="options">The framing options; null for the defaults.</param>
    /// <returns>The frames, including empty ones.</returns>
    /// <exception cref="ArgumentException">
    /// The prefix is the default value, which is invalid. Or an option is set that only delimited frames support.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">The maximum length is less than 1 byte, or 2 GiB or more.</exception>
    public static IObservable<ReceivedFrame> Frames(
        this IObservable<ReceivedBuffer> source, LengthPrefix prefix, long maxLength, FramingOptions? options = null)
    {
        if (prefix.Size == 0)
        {
            throw new ArgumentException("Specify the prefix, for instance LengthPrefix.UInt32BigEndian.", nameof(prefix));
        }

        return Frames(source, new LengthPrefixCutter(prefix), maxLength, options);
    }

    /// <summary>Cuts a stream into frames that end with a delimiter.</summary>
    /// <param name="source">All buffers of one connection, in order.</param>
    /// <param name="delimiter">
    /// The delimiter that ends each frame. For several delimiters, use <see cref="Delimiter.Any(ReadOnlySpan{Delimiter})"/>.
    /// </param>
    /// <param name="maxLength">The number of bytes in the longest accepted frame. The delimiter counts if frames include it.</param>
    /// <param name="options">The framing options; null for the defaults.</param>
    /// <returns>
    /// The frames, including empty ones. Bytes behind the last delimiter are an incomplete frame and cause an error, unless
    /// <see cref="FramingOptions.DeliversUnterminated"/> is set.
    /// </returns>
    /// <exception cref="ArgumentException">The delimiter is empty.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The maximum length is less than 1 byte, or 2 GiB or more.</exception>
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

    /// <summary>Cuts a stream into frames with a parser of the application.</summary>
    /// <param name="source">All buffers of one connection, in order.</param>
    /// <param name="parser">The parser that finds the frames. Several streams may share a parser without state.</param>
    /// <param name="maxLength">
    /// The number of bytes in the longest accepted frame, without the header and trailer that the parser drops.
    /// </param>
    /// <param name="options">The framing options; null for the defaults.</param>
    /// <returns>The frames, including empty ones.</returns>
    /// <exception cref="ArgumentException">
    /// The parser's <see cref="IFrameParser.MaxOverhead"/> is negative, or an option is set that only delimited frames support.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">The maximum length is less than 1 byte, or 2 GiB or more.</exception>
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
