namespace Zcrx.Interop;

/// <summary>Specifies the sizes of a ring.</summary>
public sealed record IoRingOptions
{
    /// <summary>Gets the number of submission entries, 1 to 32768. The kernel rounds up to a power of two.</summary>
    public uint SubmissionEntries { get; init; } = 256;

    /// <summary>
    /// Gets the number of completion entries, 2 to 65536 and not below the submission entries. The kernel rounds up to a power of two.
    /// Separate from <see cref="SubmissionEntries"/>, since one receive turn can post many completions.
    /// </summary>
    public uint CompletionEntries { get; init; } = 4096;

    /// <summary>
    /// Gets the time for which a wait polls the NIC's queues before it sleeps, in whole microseconds. 0 disables polling. At most a second.
    /// </summary>
    /// <remarks>Trades processor time for latency. Applies to queues that the ring's sockets receive from. Needs Linux 6.9.</remarks>
    public TimeSpan BusyPoll { get; init; }

    /// <summary>
    /// Gets a value indicating whether interrupts stay disabled while polling continues (<c>SO_PREFER_BUSY_POLL</c>). No effect
    /// without <see cref="BusyPoll"/>.
    /// </summary>
    public bool PreferBusyPoll { get; init; }
}
