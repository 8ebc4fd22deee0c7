namespace Zcrx.Interop;

/// <summary>Represents the kernel's copy counters of a queue since its registration.</summary>
/// <remarks>
/// A fragment is a part of a packet. One fragment can become several completions. The kernel does not count bytes that it copies from the
/// linear part of a packet, which contains its first bytes.
/// </remarks>
/// <param name="Fragments">The number of fragments that were copied.</param>
/// <param name="Bytes">The number of bytes that were copied.</param>
public readonly record struct CopyStatistics(ulong Fragments, ulong Bytes);
