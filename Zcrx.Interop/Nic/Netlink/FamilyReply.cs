namespace Zcrx.Interop.Nic.Netlink;

/// <summary>Represents the id of a generic netlink family on this machine.</summary>
internal sealed record FamilyReply(ushort Id);
