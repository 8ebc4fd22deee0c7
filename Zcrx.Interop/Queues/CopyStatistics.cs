namespace Zcrx.Interop;

/// <summary>Represents the kernel's copy counters of a queue since its registration.</summary>
/// <remarks>One fragment can become several completions. The kernel does not count copied bytes of a packet's linear part.</remarks>
/// <param name="Fragments">The fragments that were copied.</param>
/// <param name="Bytes">The bytes that were copied.</param>
public readonly record struct CopyStatistics(ulong Fragments, ulong Bytes);
