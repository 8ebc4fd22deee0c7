namespace Zcrx.Interop.Processes;

/// <summary>Represents the use of file descriptors by the process.</summary>
/// <param name="Limit">The largest number of descriptors (RLIMIT_NOFILE).</param>
/// <param name="Used">The number of descriptors in use.</param>
/// <param name="IsCheap">Whether <paramref name="Used"/> was read without counting the descriptors one by one.</param>
internal readonly record struct DescriptorUse(int Limit, int Used, bool IsCheap)
{
    /// <summary>Gets the number of free descriptors.</summary>
    public int Free => int.Max(0, Limit - Used);
}
