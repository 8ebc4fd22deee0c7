namespace Zcrx.Interop.Processes;

/// <summary>Represents the use of file descriptors by the process.</summary>
/// <param name="Limit">The most descriptors (RLIMIT_NOFILE).</param>
/// <param name="Used">The number in use.</param>
/// <param name="IsCheap">Whether reading took no longer than a system call.</param>
internal readonly record struct DescriptorUse(int Limit, int Used, bool IsCheap)
{
    /// <summary>Gets the number of free descriptors.</summary>
    public int Free => int.Max(0, Limit - Used);
}
