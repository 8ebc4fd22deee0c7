namespace Zcrx.Interop.Leases;

/// <summary>Bounds the bytes that the consumers of several sources copy. Any thread.</summary>
internal interface IByteBudget
{
    /// <summary>Gets the largest number of bytes; 0 for no limit.</summary>
    long Limit { get; }

    /// <summary>
    /// Determines whether this number of further bytes may be copied. The caller then adds the bytes that it has allocated for the copy,
    /// which may be slightly more.
    /// </summary>
    bool HasRoom(long bytes);

    /// <summary>Adds bytes that are about to be copied, unless they exceed the limit.</summary>
    /// <returns>False when there is no room.</returns>
    bool TryAdd(long bytes);

    /// <summary>Adds the bytes that were allocated for copies. A negative number subtracts bytes that were freed.</summary>
    void Add(long change);
}
