namespace ClusterIngest;

/// <summary>Contains the options of the network partition of a demo.</summary>
/// <param name="Node">The name of the node that is cut off from the others.</param>
/// <param name="HealAfter">How long the partition lasts; null if it never ends.</param>
/// <param name="MaxRetransmission">The longest time between two retransmissions of TCP; null for the kernel's default, two minutes.</param>
internal sealed record PartitionOptions(string Node, TimeSpan? HealAfter, TimeSpan? MaxRetransmission);
