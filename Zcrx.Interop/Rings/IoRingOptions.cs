namespace Zcrx.Interop;

/// <summary>Specifies the sizes of a ring.</summary>
public sealed record IoRingOptions
{
    /// <summary>Gets the number of submission entries, 1 to 32768. The kernel rounds up to a power of two.</summary>
    public uint SubmissionEntries { get; init; } = 256;

    /// <summary>
    /// Gets the number of completion entries, 2 to 65536. It must not be below <see cref="SubmissionEntries"/>. It is usually larger, since
    /// one receive can post many completions. The kernel rounds up to a power of two.
    /// </summary>
    public uint CompletionEntries { get; init; } = 4096;

    /// <summary>
    /// Gets the time for which a wait polls the NIC's queues before it sleeps, in whole microseconds. At most a second. 0 disables polling.
    /// </summary>
    /// <remarks>
    /// Polling uses processor time to reduce latency. It applies to the RX queues from which the ring's sockets receive. Needs Linux 6.9.
    /// </remarks>
    public TimeSpan BusyPoll { get; init; }

    /// <summary>
    /// Gets a value indicating whether the NIC's interrupts stay disabled while polling continues (<c>SO_PREFER_BUSY_POLL</c>). Has no
    /// effect when <see cref="BusyPoll"/> is 0.
    /// </summary>
    public bool PreferBusyPoll { get; init; }
}
