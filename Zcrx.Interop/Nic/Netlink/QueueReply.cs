namespace Zcrx.Interop.Nic.Netlink;

/// <summary>Represents an RX queue and the index of its interface.</summary>
internal sealed record QueueReply(uint Index, RxQueueFacts Queue);
