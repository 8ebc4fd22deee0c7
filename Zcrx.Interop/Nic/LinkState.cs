namespace Zcrx.Interop;

/// <summary>Describes the state of a network interface.</summary>
public enum LinkState
{
    /// <summary>Up, with a carrier: packets arrive.</summary>
    Up,

    /// <summary>Down, or without a carrier: data waits with its sender.</summary>
    Down,

    /// <summary>Removed, or moved to another network namespace. Nothing arrives, and the kernel does not end receives.</summary>
    Removed,
}
