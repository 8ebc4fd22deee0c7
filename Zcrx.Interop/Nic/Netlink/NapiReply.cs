namespace Zcrx.Interop.Nic.Netlink;

/// <summary>The interface that a NAPI instance belongs to.</summary>
internal sealed record NapiReply(uint Index);
