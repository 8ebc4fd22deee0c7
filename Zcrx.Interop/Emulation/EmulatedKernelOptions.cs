namespace Zcrx.Interop;

/// <summary>Configures an emulated kernel.</summary>
public sealed record EmulatedKernelOptions
{
    /// <summary>Gets the kernel release to imitate.</summary>
    public EmulatedKernelProfile Profile { get; init; } = EmulatedKernelProfile.Linux73;

    /// <summary>
    /// Gets the largest number of buffers that one receive turn of one connection fills, and roughly that one call posts in total. 1 to 1024. A smaller number limits
    /// how long other connections wait. A larger one makes reads cheaper, since each read costs TCP an acknowledgement and the sender a wake-up.
    /// </summary>
    /// <remarks>512 pages are 2 MiB, half a millisecond. The kernel's limit of 32 packets in a row has the same size.</remarks>
    public int BuffersPerTurn { get; init; } = 512;

    /// <summary>Gets the network interfaces of this kernel, in addition to the machine's own, which are not zero-copy here.</summary>
    public IReadOnlyList<EmulatedNic> Nics { get; init; } = [];

    /// <summary>Gets the fault plan; null for no faults.</summary>
    public EmulatedFaultPlan? Faults { get; init; }

    /// <summary>Gets a value indicating whether receives accept stream sockets of every family, for a simulation over Unix sockets: what is sent on them has arrived at once.</summary>
    internal bool AcceptsAnyStream { get; init; }
}
