namespace Zcrx.Rx.Receiving;

/// <summary>
/// Records the progress of one turn: how many of its completions were handled, and which connections received. Ring thread
/// only, unless stated otherwise.
/// </summary>
internal sealed class ReceiveTurn
{
    private volatile bool _isAbandoned;

    /// <summary>
    /// Gets the lock that ensures that only one thread handles an accepted socket in a completion: the ring thread or the thread that
    /// abandons it.
    /// </summary>
    /// <remarks>The completion ring advances, and the ring is closed, only under this lock. No other lock is taken inside it.</remarks>
    public Lock Gate { get; } = new();

    /// <summary>Gets a value indicating whether the ring thread was abandoned, and handles no further completion. Any thread.</summary>
    public bool IsAbandoned => _isAbandoned;

    private readonly List<ConnectionReceiver> _received = [];

    /// <summary>Gets the number of the turn.</summary>
    public long Number { get; private set; }

    /// <summary>Gets the number of completions of the batch that were handled. A failure may occur in the middle of a batch.</summary>
    public uint Handled { get; private set; }

    /// <summary>Gets a value indicating whether the batch filled the completion ring.</summary>
    public bool WasRingFull { get; private set; }

    /// <summary>
    /// Gets a value indicating whether the completion ring is corrupt. Then its completions must not be acted on: their
    /// descriptors may be arbitrary.
    /// </summary>
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

    /// <summary>Counts a completion of an accepted socket as handled, unless the thread that abandons this one acts on it.</summary>
    /// <returns>False when the thread was abandoned.</returns>
    public bool TryTakeAccepted()
    {
        lock (Gate)
        {
            if (!_isAbandoned)
            {
                Handled++;
            }

            return !_isAbandoned;
        }
    }

    /// <summary>Ends the batch: all its completions were handled, and the kernel may reuse their entries.</summary>
    public void EndBatch() => Handled = 0;

    /// <summary>Records that the ring thread was abandoned. Any thread, under the lock.</summary>
    public void Abandon() => _isAbandoned = true;

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
