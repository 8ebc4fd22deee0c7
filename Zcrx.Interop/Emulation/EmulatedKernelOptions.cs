namespace Zcrx.Interop;

/// <summary>Configures an emulated kernel.</summary>
public sealed record EmulatedKernelOptions
{
    /// <summary>Gets the kernel release to imitate.</summary>
    public EmulatedKernelProfile Profile { get; init; } = EmulatedKernelProfile.Linux73;

    /// <summary>
    /// Gets the largest number of buffers that one receive turn of one connection fills, 1 to 1024. One call of <c>io_uring_enter</c> fills
    /// about the same number for all connections together. With a smaller number, other connections wait less. With a larger number, fewer
    /// reads are needed, and each read costs TCP an acknowledgement and the sender a wake-up.
    /// </summary>
    /// <remarks>
    /// The default of 512 pages is 2 MiB. Copying them takes about half a millisecond. The real kernel serves up to 32 packets of a
    /// connection in a row. At 64 KiB a packet, that is 2 MiB as well. Some consumers read the buffers of a turn again on the ring thread
    /// after the turn. For these, a queue shortens its turns to 512 KiB, so that the bytes are still in the processor's cache.
    /// </remarks>
    public int BuffersPerTurn { get; init; } = 512;

    /// <summary>
    /// Gets the network interfaces of this kernel, in addition to the machine's own. Only these interfaces receive without a copy.
    /// </summary>
    public IReadOnlyList<EmulatedNic> Nics { get; init; } = [];

    /// <summary>Gets the fault plan; null for no faults.</summary>
    public EmulatedFaultPlan? Faults { get; init; }

    /// <summary>
    /// Gets a value indicating whether receives accept stream sockets of every family. A simulation uses Unix sockets, on which sent bytes
    /// arrive at once.
    /// </summary>
    internal bool AcceptsAnyStream { get; init; }

    /// <summary>Gets the kernel that queues use instead of a new one; null outside simulations.</summary>
    internal INicKernel? Kernel { get; init; }
}
