namespace Zcrx.Interop;

/// <summary>Sizes of a ring.</summary>
public sealed record IoRingOptions
{
    /// <summary>Submission entries; rounded up to a power of two by the kernel. 1 to 32768.</summary>
    public uint SubmissionEntries { get; init; } = 256;

    /// <summary>
    /// Completion entries; rounded up to a power of two by the kernel. One receive turn can post many completions, so
    /// this is set apart from <see cref="SubmissionEntries"/>. 2 to 65536, and not below the submission entries.
    /// </summary>
    public uint CompletionEntries { get; init; } = 4096;

    /// <summary>How long a wait polls the NIC's queues itself before it sleeps, in whole microseconds; 0 for not at all, at most a second.</summary>
    /// <remarks>Latency for processor time. It concerns queues that the ring's sockets receive from. Needs Linux 6.9.</remarks>
    public TimeSpan BusyPoll { get; init; }

    /// <summary>Whether interrupts are to be left alone as long as somebody polls (<c>SO_PREFER_BUSY_POLL</c>); nothing without <see cref="BusyPoll"/>.</summary>
    public bool PreferBusyPoll { get; init; }
}
