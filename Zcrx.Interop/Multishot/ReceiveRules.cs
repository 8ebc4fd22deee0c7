namespace Zcrx.Interop.Multishot;

/// <summary>Specifies how the receives of a kernel are performed.</summary>
/// <param name="HasLimits">Whether a multishot receive can end after a number of bytes (Linux 6.17).</param>
/// <param name="FirstMethod">The method with which each receive begins.</param>
/// <param name="CallerKeepsSockets">
/// Whether the caller closes a socket only after its receives have ended. If not, a receive with scattering reads needs a duplicate of the
/// descriptor.
/// </param>
internal readonly record struct ReceiveRules(bool HasLimits, ReceiveMethod FirstMethod, bool CallerKeepsSockets);
