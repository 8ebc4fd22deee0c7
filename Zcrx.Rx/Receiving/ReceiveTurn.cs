namespace Zcrx.Rx.Receiving;

/// <summary>Holds what the parts of one turn share: how far its completions have been handled, and which connections received. Ring thread only.</summary>
internal sealed class ReceiveTurn
{
    /// <summary>Gets or sets the number of the turn.</summary>
    public long Number { get; set; }

    /// <summary>Gets or sets the completions of the batch that have been handled. A failure may come in the middle of a batch.</summary>
    public uint Handled { get; set; }

    /// <summary>Gets or sets a value indicating whether the batch filled the completion ring.</summary>
    public bool WasRingFull { get; set; }

    /// <summary>Gets or sets a value indicating whether the completion ring is corrupt. Nothing that it says must be acted upon then: its descriptors may be any.</summary>
    public bool IsCorrupt { get; set; }

    /// <summary>Gets the connections that have received in this turn.</summary>
    public List<ConnectionReceiver> Received { get; } = [];
}
