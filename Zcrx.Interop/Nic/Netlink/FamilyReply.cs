namespace Zcrx.Interop.Nic.Netlink;

/// <summary>Represents the number of a generic family on this machine.</summary>
internal sealed record FamilyReply(ushort Id);
