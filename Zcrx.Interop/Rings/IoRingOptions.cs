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
}
