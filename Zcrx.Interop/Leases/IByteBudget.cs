namespace Zcrx.Interop.Leases;

/// <summary>Limits the bytes of the copies that several sources make. Any thread.</summary>
internal interface IByteBudget
{
    /// <summary>Gets the largest number of bytes; 0 for no limit.</summary>
    long Limit { get; }

    /// <summary>
    /// Determines whether a number of further bytes may be copied. After the copy, the caller must <see cref="Add"/> the bytes that it has
    /// allocated, which may be slightly more.
    /// </summary>
    bool HasRoom(long bytes);

    /// <summary>Adds bytes that are about to be copied. Adds nothing if the sum would exceed the limit.</summary>
    /// <returns>False when the sum would exceed the limit.</returns>
    bool TryAdd(long bytes);

    /// <summary>Adds the bytes that were allocated for copies. A negative number subtracts bytes that were freed.</summary>
    void Add(long change);
}
