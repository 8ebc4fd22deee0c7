namespace Zcrx.Interop;

/// <summary>How the emulated kernel behaves.</summary>
public sealed record EmulatedKernelOptions
{
    /// <summary>Which release to answer like.</summary>
    public EmulatedKernelProfile Profile { get; init; } = EmulatedKernelProfile.Linux73;

    /// <summary>
    /// Buffers that one receive turn of one connection fills at most, and about as many as one call posts altogether. 1 to 1024. Fewer bound
    /// how long other connections wait; more make a read cheaper, as every read costs TCP an acknowledgement and the sender a wake-up.
    /// </summary>
    /// <remarks>512 pages are 2 MiB, half a millisecond; the kernel's own limit of 32 packets in a row is as much.</remarks>
    public int BuffersPerTurn { get; init; } = 512;

    /// <summary>The network interfaces that this kernel has besides the machine's own, which cannot do zero copy here.</summary>
    public IReadOnlyList<EmulatedNic> Nics { get; init; } = [];

    /// <summary>What goes wrong, and when; null for nothing.</summary>
    public EmulatedFaultPlan? Faults { get; init; }
}
