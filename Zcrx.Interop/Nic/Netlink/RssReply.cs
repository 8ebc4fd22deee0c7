namespace Zcrx.Interop.Nic.Netlink;

/// <summary>Represents one RSS table of an interface. The table with context 0 is the main one.</summary>
internal sealed record RssReply(int Context, IReadOnlyList<int> Table);
