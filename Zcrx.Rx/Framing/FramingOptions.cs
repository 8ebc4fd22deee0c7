namespace Zcrx.Rx;

/// <summary>How frames are put together that do not lie in one buffer.</summary>
/// <remarks>Immutable; one object may serve any number of streams.</remarks>
public sealed record FramingOptions
{
    /// <summary>What is used when nothing is said.</summary>
    public static FramingOptions Default { get; } = new();

    /// <summary>How many buffers of the pool one stream may keep while a frame is incomplete; 16 by default.</summary>
    /// <remarks>
    /// Beyond, and as long as the pool is under pressure, the bytes are copied into ordinary memory and the buffers go back: a frame that
    /// never ends must not starve the other connections. 0 keeps none: whatever straddles two buffers is copied.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    public int MaxHeldBuffers
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            field = value;
        }
    } = 16;

    /// <summary>Whether the bytes behind the last delimiter are delivered as a frame when the stream ends; false by default.</summary>
    /// <remarks>
    /// <para>Otherwise such bytes are an incomplete frame, thus an error. Only for delimited frames: a length prefix says what is missing.</para>
    /// <para>The frame is delivered before <c>OnCompleted</c>, and only if the peer ended the stream in order. It has no delimiter, also where
    /// <see cref="Delimiter.IncludeDelimiter"/> is set. A delimiter that has arrived only in part belongs to the frame.</para>
    /// </remarks>
    public bool DeliversUnterminated { get; init; }

    /// <summary>Skips frames that are longer than the limit, and counts them here; null by default: such a frame is an error.</summary>
    /// <remarks>
    /// Only for delimited frames. The frame's bytes are dropped as they arrive, however many they are, and the next frame begins behind the
    /// next delimiter.
    /// </remarks>
    public FrameSkips? Skips { get; init; }
}
