namespace Zcrx.Interop.Nic.Netlink;

/// <summary>How many RX queues an interface has and can have.</summary>
internal sealed record ChannelsReply(int RxQueues, int MaxRxQueues);
