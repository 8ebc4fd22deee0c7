namespace Zcrx.Interop.Nic.Netlink;

/// <summary>Represents the id that one network namespace uses for another; null when none is assigned.</summary>
internal sealed record NamespaceIdReply(int? Id);
