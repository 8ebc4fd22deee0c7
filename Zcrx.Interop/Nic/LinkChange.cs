namespace Zcrx.Interop;

/// <summary>Describes a change of a network interface.</summary>
/// <param name="Interface">The interface's name.</param>
/// <param name="State">The interface's new state.</param>
public sealed record LinkChange(string Interface, LinkState State);
