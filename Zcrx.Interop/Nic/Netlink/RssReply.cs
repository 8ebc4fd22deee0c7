namespace Zcrx.Interop.Nic.Netlink;

/// <summary>Represents an RSS table. Context 0 is the main table of the interface.</summary>
internal sealed record RssReply(int Context, IReadOnlyList<int> Table);
