namespace Zcrx.Interop;

/// <summary>What is known of one network interface at one moment. What the interface or the kernel does not tell is null or empty.</summary>
public sealed record NicFacts
{
    /// <summary>The interface's name.</summary>
    public required string Name { get; init; }

    /// <summary>Its index.</summary>
    public required uint Index { get; init; }

    /// <summary>Whether it is up and has a carrier.</summary>
    public bool IsUp { get; init; }

    /// <summary>The driver's name.</summary>
    public string? Driver { get; init; }

    /// <summary>Whether headers and payload arrive in separate buffers (<c>tcp-data-split</c>), which zero copy needs.</summary>
    public bool? HeaderDataSplit { get; init; }

    /// <summary>Packets up to so many bytes are not split (<c>hds-thresh</c>); zero copy needs 0.</summary>
    public int? HdsThreshold { get; init; }

    /// <summary>Whether an XDP program is attached.</summary>
    public bool HasXdp { get; init; }

    /// <summary>Which RX queue the flows of each hash bucket go to.</summary>
    public IReadOnlyList<int> RssTable { get; init; } = [];

    /// <summary>The flow rules by id.</summary>
    public IReadOnlyDictionary<int, FlowRule> Rules { get; init; } = new Dictionary<int, FlowRule>();

    /// <summary>The RX queues by index.</summary>
    public IReadOnlyList<RxQueueFacts> Queues { get; init; } = [];
}
