namespace Zcrx.Interop.Nic.Netlink;

/// <summary>Represents an RSS table; context 0 is the interface's own.</summary>
internal sealed record RssReply(int Context, IReadOnlyList<int> Table);
