namespace Zcrx.Interop.Nic.Netlink;

/// <summary>Represents the interface of a NAPI instance.</summary>
internal sealed record NapiReply(uint Index);
