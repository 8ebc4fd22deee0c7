namespace Zcrx.Interop.Multishot;

/// <summary>Specifies how a kernel performs receives.</summary>
/// <param name="Features">The optional features that the kernel's receives have.</param>
/// <param name="FirstMethod">The receive method with which each receive begins.</param>
/// <param name="CallerKeepsSockets">
/// Whether the caller closes a socket only after its receives have ended. If not, a receive with scattering reads needs a duplicate of the
/// descriptor.
/// </param>
internal readonly record struct ReceiveRules(MultishotFeatures Features, ReceiveMethod FirstMethod, bool CallerKeepsSockets);
