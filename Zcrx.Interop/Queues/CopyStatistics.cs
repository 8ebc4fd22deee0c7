namespace Zcrx.Interop;

/// <summary>Represents the kernel's copy counters of a queue since its registration.</summary>
/// <remarks>Fragments are not completions: one fragment can become several. The kernel copies bytes of a packet's linear part without counting them.</remarks>
/// <param name="Fragments">The fragments that were copied.</param>
/// <param name="Bytes">The bytes that were copied.</param>
public readonly record struct CopyStatistics(ulong Fragments, ulong Bytes);
