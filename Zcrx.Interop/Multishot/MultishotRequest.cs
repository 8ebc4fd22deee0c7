namespace Zcrx.Interop.Multishot;

/// <summary>Represents a request that the host ring performs. Pooled by its ring, and used on the ring's thread only.</summary>
internal sealed class MultishotRequest(int index)
{
    /// <summary>Gets the request's index, which is its user data in the host ring.</summary>
    public int Index { get; } = index;

    public bool IsActive { get; set; }

    /// <summary>Gets or sets the opcode in the caller's submission.</summary>
    public byte Opcode { get; set; }

    public ulong UserData { get; set; }

    /// <summary>Gets or sets the descriptor in the caller's submission.</summary>
    public int Fd { get; set; }

    /// <summary>Gets or sets a value indicating whether the caller has cancelled the request.</summary>
    public bool IsCancelled { get; set; }

    /// <summary>Gets or sets the buffers of a receive; null for other requests.</summary>
    public ProvidedBuffers? Buffers { get; set; }

    /// <summary>
    /// Gets or sets the cookie of a receive's socket. The cookie shows whether the descriptor still refers to that socket.
    /// </summary>
    public ulong Cookie { get; set; }

    public bool HasBudget { get; set; }

    /// <summary>Gets or sets the bytes left in the budget of a receive.</summary>
    public long Budget { get; set; }

    /// <summary>
    /// Gets or sets the result that the caller's completion reports when the host ring ends the receive; null to report the host ring's
    /// result.
    /// </summary>
    public int? End { get; set; }
}
