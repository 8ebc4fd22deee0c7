namespace Zcrx.Interop.Nic.Netlink;

/// <summary>Represents the index of a queue that was created.</summary>
internal sealed record CreatedQueueReply(int Queue);
