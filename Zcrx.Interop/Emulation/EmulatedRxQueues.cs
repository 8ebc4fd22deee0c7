namespace Zcrx.Interop.Emulation;

/// <summary>
/// Holds the counters of the RX queues of one emulated interface, and the interface queues into whose areas they receive.
/// </summary>
/// <remarks>Used under the lock of the interface.</remarks>
internal sealed class EmulatedRxQueues(int count)
{
    private readonly EmulatedInterfaceQueue?[] _providers = new EmulatedInterfaceQueue?[count];
    private readonly EmulatedRxQueueCounters[] _counters = new EmulatedRxQueueCounters[count];

    public int Count => count;

    /// <summary>Gets a value indicating whether any queue receives into the memory of an interface queue.</summary>
    public bool AnyBound => _providers.Any(static provider => provider is not null);

    /// <summary>Returns the interface queue into whose areas an RX queue receives; null when it receives into kernel memory.</summary>
    public EmulatedInterfaceQueue? ProviderOf(int queue) => _providers[queue];

    public EmulatedRxQueueCounters CountersOf(int queue) => _counters[queue];

    /// <summary>Returns the index of the RX queue that receives into the memory of an interface queue; −1 for none.</summary>
    public int IndexOf(EmulatedInterfaceQueue provider) => Array.IndexOf(_providers, provider);

    public void Bind(int queue, EmulatedInterfaceQueue? provider) => _providers[queue] = provider;

    /// <summary>Makes all RX queues receive into kernel memory.</summary>
    public void UnbindAll() => Array.Clear(_providers);

    public void Add(int queue, in EmulatedRxQueueCounters more)
    {
        ref EmulatedRxQueueCounters counters = ref _counters[queue];
        counters = new EmulatedRxQueueCounters(
            counters.ZeroCopyPackets + more.ZeroCopyPackets,
            counters.ZeroCopyBytes + more.ZeroCopyBytes,
            counters.CopiedBytes + more.CopiedBytes,
            counters.Drops + more.Drops);
    }

    public void ResetCounters() => Array.Clear(_counters);
}
