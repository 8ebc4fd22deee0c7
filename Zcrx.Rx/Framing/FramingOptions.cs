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
}
