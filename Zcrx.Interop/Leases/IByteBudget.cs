namespace Zcrx.Interop.Leases;

/// <summary>Bounds the bytes that the consumers of several sources copy. Any thread.</summary>
internal interface IByteBudget
{
    /// <summary>Gets the most bytes; 0 for no limit.</summary>
    long Limit { get; }

    /// <summary>Returns whether that many bytes more may be copied. A copier that goes ahead adds what it has allocated, which may be somewhat more.</summary>
    bool HasRoom(long bytes);

    /// <summary>Adds the bytes that were allocated for copies, or subtracts those that were freed.</summary>
    void Add(long change);
}
