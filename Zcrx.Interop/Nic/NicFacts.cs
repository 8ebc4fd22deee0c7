namespace Zcrx.Interop;

/// <summary>
/// Describes the state of one network interface at one moment. Facts that the interface or the kernel does not report are null or empty.
/// </summary>
public sealed record NicFacts
{
    /// <summary>Gets the interface's name.</summary>
    public required string Name { get; init; }

    /// <summary>Gets the interface's index.</summary>
    public required uint Index { get; init; }

    /// <summary>Gets a value indicating whether the interface is up and has a carrier.</summary>
    public bool IsUp { get; init; }

    /// <summary>Gets the driver's name.</summary>
    public string? Driver { get; init; }

    /// <summary>
    /// Gets a value indicating whether the interface belongs to a device, which zero copy needs. Virtual interfaces such as loopback, veth
    /// and bridges do not.
    /// </summary>
    public bool HasDevice { get; init; }

    /// <summary>
    /// Gets the largest number of RX queues that the interface can have; null when the interface does not report a limit.
    /// </summary>
    public int? MaxRxQueues { get; init; }

    /// <summary>
    /// Gets a value indicating whether headers and payload arrive in separate buffers (<c>tcp-data-split</c>). Zero copy requires it.
    /// </summary>
    public bool? HeaderDataSplit { get; init; }

    /// <summary>
    /// Gets the size in bytes up to which the headers and the payload of a packet stay in one buffer (<c>hds-thresh</c>). Zero copy needs
    /// 0.
    /// </summary>
    public int? HdsThreshold { get; init; }

    /// <summary>Gets a value indicating whether an XDP program is attached.</summary>
    public bool HasXdp { get; init; }

    /// <summary>Gets the RSS table, which has the RX queue of each hash bucket.</summary>
    public IReadOnlyList<int> RssTable { get; init; } = [];

    /// <summary>Gets the ids of the RSS contexts. A context is a further RSS table, to which flow rules can send flows.</summary>
    public IReadOnlyList<int> RssContexts { get; init; } = [];

    /// <summary>Gets the flow rules by id.</summary>
    public IReadOnlyDictionary<int, FlowRule> Rules { get; init; } = new Dictionary<int, FlowRule>();

    /// <summary>
    /// Gets the RX queue of each rule that a <see cref="FlowRule"/> cannot express, by the rule's id. The value is null when the rule has
    /// no RX queue.
    /// </summary>
    public IReadOnlyDictionary<int, int?> OtherRules { get; init; } = new Dictionary<int, int?>();

    /// <summary>Gets the RX queues. The position in the list is the index of the queue.</summary>
    public IReadOnlyList<RxQueueFacts> Queues { get; init; } = [];

    /// <summary>
    /// Gets a value indicating whether this is a netkit interface, a virtual interface for containers. All its RX queues except the first
    /// are leased from a NIC. Their header/data split and steering must be set on the NIC, by the host.
    /// </summary>
    public bool IsNetkit => !HasDevice && Driver == "netkit";

    /// <summary>
    /// Determines whether an RX queue of this virtual interface is leased from a NIC. A zero-copy queue can be registered on such a queue.
    /// </summary>
    /// <param name="queue">The queue's index.</param>
    /// <returns>
    /// True for every queue of a netkit interface except the first. The kernel creates the others together with their leases.
    /// </returns>
    public bool IsLeased(int queue) => IsNetkit && queue > 0 && queue < Queues.Count;
}
