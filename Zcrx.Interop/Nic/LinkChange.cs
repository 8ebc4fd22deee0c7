namespace Zcrx.Interop;

/// <summary>Describes a change of a network interface.</summary>
/// <param name="Interface">Its name.</param>
/// <param name="State">Its new state.</param>
public sealed record LinkChange(string Interface, LinkState State);
