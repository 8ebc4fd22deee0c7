namespace Zcrx.Interop.Nic.Netlink;

/// <summary>Gives the number of RX queues that an interface has and can have.</summary>
internal sealed record ChannelsReply(int RxQueues, int MaxRxQueues);
