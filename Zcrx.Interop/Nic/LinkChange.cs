namespace Zcrx.Interop;

/// <summary>A change of a network interface.</summary>
/// <param name="Interface">Its name.</param>
/// <param name="State">What has become of it.</param>
public sealed record LinkChange(string Interface, LinkState State);
