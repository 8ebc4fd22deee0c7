namespace Zcrx.Interop.Nic.Netlink;

/// <summary>Represents the current and the largest number of RX queues of an interface.</summary>
internal sealed record ChannelsReply(int RxQueues, int MaxRxQueues);
