namespace Zcrx.Rx.Receiving;

/// <summary>Records the progress of one turn: how many of its completions were handled, and which connections received. Ring thread only.</summary>
internal sealed class ReceiveTurn
{
    private readonly List<ConnectionReceiver> _received = [];

    /// <summary>Gets the number of the turn.</summary>
    public long Number { get; private set; }

    /// <summary>Gets the number of completions of the batch that were handled. A failure may occur in the middle of a batch.</summary>
    public uint Handled { get; private set; }

    /// <summary>Gets a value indicating whether the batch filled the completion ring.</summary>
    public bool WasRingFull { get; private set; }

    /// <summary>Gets a value indicating whether the completion ring is corrupt. Then its completions must not be acted on: their descriptors may be arbitrary.</summary>
    public bool IsCorrupt { get; private set; }

    /// <summary>Gets the connections that have received in this turn.</summary>
    public IReadOnlyList<ConnectionReceiver> Received => _received;

    /// <summary>Begins a turn.</summary>
    public void Begin(bool wasRingFull)
    {
        Number++;
        WasRingFull = wasRingFull;
    }

    /// <summary>Counts completions that were handled.</summary>
    public void CountHandled(uint completions) => Handled += completions;

    /// <summary>Ends the batch: all its completions were handled, and the kernel may reuse their entries.</summary>
    public void EndBatch() => Handled = 0;

    /// <summary>Records that the completion ring is corrupt.</summary>
    public void MarkCorrupt() => IsCorrupt = true;

    /// <summary>Adds a connection that receives in this turn, unless it was added before.</summary>
    public void Add(ConnectionReceiver connection)
    {
        if (connection.TryEnterTurn(Number))
        {
            _received.Add(connection);
        }
    }

    /// <summary>Clears the list of connections that have received, after their review.</summary>
    public void ClearReceived() => _received.Clear();
}
