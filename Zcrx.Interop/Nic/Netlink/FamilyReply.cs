namespace Zcrx.Interop.Nic.Netlink;

/// <summary>Represents the id that the kernel has assigned to a generic netlink family.</summary>
internal sealed record FamilyReply(ushort Id);
