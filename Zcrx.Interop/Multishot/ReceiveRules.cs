namespace Zcrx.Interop.Multishot;

/// <summary>Specifies how the receives of a kernel are performed.</summary>
/// <param name="Features">The features of the kernel's receives.</param>
/// <param name="FirstMethod">The method with which each receive begins.</param>
/// <param name="CallerKeepsSockets">
/// Whether the caller closes a socket only after its receives have ended. Otherwise, a receive with scattering reads has a duplicate
/// of the descriptor.
/// </param>
internal readonly record struct ReceiveRules(MultishotFeatures Features, ReceiveMethod FirstMethod, bool CallerKeepsSockets);
