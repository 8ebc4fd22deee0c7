namespace Zcrx.Rx;

/// <summary>Represents options for cutting a stream into frames.</summary>
/// <remarks>Immutable. Several streams may share one object.</remarks>
public sealed record FramingOptions
{
    /// <summary>Gets the default options.</summary>
    public static FramingOptions Default { get; } = new();

    /// <summary>Gets the largest number of pool buffers that one stream may lease while a frame is incomplete. The default is 16.</summary>
    /// <remarks>
    /// Beyond this number, or while the pool is under pressure, the bytes are copied into ordinary memory and their buffers are released. A
    /// frame that never ends can therefore not take all buffers from other connections. With 0, every frame that spans buffers is copied.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public int MaxLeasedBuffers
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            field = value;
        }
    } = 16;

    /// <summary>
    /// Gets a value that indicates whether bytes behind the last delimiter are delivered as a frame at the end of the stream. The default
    /// is false.
    /// </summary>
    /// <remarks>
    /// <para>If false, such bytes are an incomplete frame and end the stream with an error. Only delimited frames support this
    /// option.</para>
    /// <para>The frame is delivered before <c>OnCompleted</c>, if the stream ended without an error. It never includes a delimiter, even if
    /// <see cref="Delimiter.IncludeDelimiter"/> is set. A delimiter that has arrived only in part belongs to the frame.</para>
    /// </remarks>
    public bool DeliversUnterminated { get; init; }

    /// <summary>
    /// Gets the counter of delimited frames that are skipped because they are longer than the limit. If null, which is the default, such a
    /// frame is an error.
    /// </summary>
    /// <remarks>
    /// <para>The bytes of a skipped frame are dropped as they arrive. The next frame begins behind the next delimiter. Only delimited
    /// frames support this option.</para>
    /// <para>A stream that ends inside a skipped frame ends with an error. If <see cref="DeliversUnterminated"/> is set, there is no error
    /// and the frame counts as skipped.</para>
    /// </remarks>
    public FrameSkips? Skips { get; init; }
}
