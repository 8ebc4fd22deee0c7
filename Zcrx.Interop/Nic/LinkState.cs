namespace Zcrx.Interop;

/// <summary>What has become of a network interface.</summary>
public enum LinkState
{
    /// <summary>Up, with a carrier: packets arrive.</summary>
    Up,

    /// <summary>Down, or without a carrier: what is sent to it waits with its sender.</summary>
    Down,

    /// <summary>Gone: removed, or moved to another network namespace. Nothing will arrive any more, and the kernel tells no receive about it.</summary>
    Removed,
}
