namespace Zcrx.Interop.Nic.Netlink;

/// <summary>Represents the id by which one network namespace identifies another; null when it has none.</summary>
internal sealed record NamespaceIdReply(int? Id);
