namespace Zcrx.Interop.Leases;

/// <summary>Bounds the bytes that the consumers of several sources copy. Any thread.</summary>
internal interface IByteBudget
{
    /// <summary>Gets the most bytes; 0 for no limit.</summary>
    long Limit { get; }

    /// <summary>
    /// Determines whether this number of further bytes may be copied. A caller that copies then adds the bytes that it has allocated, which
    /// may be slightly more.
    /// </summary>
    bool HasRoom(long bytes);

    /// <summary>Adds the bytes that were allocated for copies, or subtracts those that were freed.</summary>
    void Add(long change);
}
