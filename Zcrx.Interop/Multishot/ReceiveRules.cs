namespace Zcrx.Interop.Multishot;

/// <summary>Specifies how the receives of a kernel are performed.</summary>
/// <param name="HasLimits">Whether a multishot receive can end after a number of bytes (Linux 6.17).</param>
/// <param name="FirstMethod">The method with which each receive begins.</param>
/// <param name="CallerKeepsSockets">
/// Whether the caller closes a socket only after its receives have ended. If not, a receive with scattering reads needs a duplicate of the
/// descriptor.
/// </param>
internal readonly record struct ReceiveRules(bool HasLimits, ReceiveMethod FirstMethod, bool CallerKeepsSockets)
{
    /// <summary>Returns the number of bytes after which the kernel ends a multishot receive with a budget.</summary>
    /// <param name="budget">The bytes left in the budget.</param>
    /// <param name="bufferLength">The length of a buffer.</param>
    /// <remarks>
    /// For each message, the kernel prepares as many buffers as the limit covers, up to 256. The limit is therefore at most one turn of a
    /// connection that would be read instead. A receive that ends before its budget is armed again, so its socket must still be open.
    /// </remarks>
    public long LimitOf(long budget, int bufferLength) =>
        CallerKeepsSockets ? long.Min(budget, (long)ReceiveMethod.ManyBuffers * bufferLength) : budget;
}
