namespace Zcrx.Interop.Nic.Netlink;

/// <summary>Describes the outcome of a netlink request.</summary>
/// <param name="Error">0, or a negative errno.</param>
/// <param name="Text">The kernel's message (extended acknowledgement), if any.</param>
internal readonly record struct NetlinkOutcome(int Error, string? Text = null)
{
    public bool Succeeded => Error == 0;
}
