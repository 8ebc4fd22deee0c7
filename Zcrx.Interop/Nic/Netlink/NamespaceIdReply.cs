namespace Zcrx.Interop.Nic.Netlink;

/// <summary>The id by which one network namespace knows another; null when it has not been given one.</summary>
internal sealed record NamespaceIdReply(int? Id);
