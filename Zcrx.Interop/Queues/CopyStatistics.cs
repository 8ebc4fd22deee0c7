namespace Zcrx.Interop;

/// <summary>The kernel's copy counters of a queue, since its registration.</summary>
/// <remarks>Fragments are not completions: one fragment can become several. Bytes of a packet's linear part are copied without being counted; so judge ratios with a margin.</remarks>
/// <param name="Fragments">Fragments that were copied.</param>
/// <param name="Bytes">Bytes that were copied.</param>
public readonly record struct CopyStatistics(ulong Fragments, ulong Bytes);
