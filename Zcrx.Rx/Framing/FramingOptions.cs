namespace Zcrx.Rx;

/// <summary>Represents the options for frames that span several buffers.</summary>
/// <remarks>Immutable. One object may serve any number of streams.</remarks>
public sealed record FramingOptions
{
    /// <summary>Gets the default options.</summary>
    public static FramingOptions Default { get; } = new();

    /// <summary>Gets the maximum number of pool buffers that one stream may lease while a frame is incomplete. The default is 16.</summary>
    /// <remarks>
    /// Beyond this number, and while the pool is under pressure, bytes are copied into ordinary memory and their buffers are released.
    /// A frame that never ends therefore cannot starve the other connections. With 0, every frame that spans two buffers is copied.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
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
    /// Gets a value that indicates whether the bytes after the last delimiter are delivered as a frame when the stream ends. The default
    /// is false.
    /// </summary>
    /// <remarks>
    /// <para>If false, such bytes are an incomplete frame, which is an error. Only delimited frames accept the option.</para>
    /// <para>The frame is delivered before <c>OnCompleted</c>, and only if the stream ended without an error. It has no delimiter, even
    /// where <see cref="Delimiter.IncludeDelimiter"/> is set. A delimiter that has arrived only in part belongs to the frame.</para>
    /// </remarks>
    public bool DeliversUnterminated { get; init; }

    /// <summary>
    /// Gets the counter of delimited frames that are skipped because they are longer than the limit. The default is null. If null, such a
    /// frame is an error.
    /// </summary>
    /// <remarks>
    /// <para>The bytes of such a frame are dropped as they arrive, however many they are. The next frame begins after the next
    /// delimiter.</para>
    /// <para>Only delimited frames accept the option. A stream that ends inside a skipped frame is an error, unless
    /// <see cref="DeliversUnterminated"/> is set. The frame then counts as skipped.</para>
    /// </remarks>
    public FrameSkips? Skips { get; init; }
}
