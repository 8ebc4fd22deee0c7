namespace Zcrx.Interop;

/// <summary>Describes the state of a network interface.</summary>
public enum LinkState
{
    /// <summary>The link is up and has a carrier. Packets can arrive.</summary>
    Up,

    /// <summary>The link is down or has no carrier. Data waits at the sender.</summary>
    Down,

    /// <summary>
    /// The interface was removed, or moved to another network namespace. No packets arrive. The kernel does not end armed receives.
    /// </summary>
    Removed,
}
