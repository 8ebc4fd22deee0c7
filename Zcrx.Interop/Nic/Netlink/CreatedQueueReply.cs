namespace Zcrx.Interop.Nic.Netlink;

/// <summary>Represents the kernel's answer to the creation of a queue, which contains the queue's index.</summary>
internal sealed record CreatedQueueReply(int Queue);
