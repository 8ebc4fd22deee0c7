namespace Zcrx.Interop.Nic.Netlink;

/// <summary>Represents the current number of RX queues of an interface, and the largest possible one.</summary>
internal sealed record ChannelsReply(int RxQueues, int MaxRxQueues);
