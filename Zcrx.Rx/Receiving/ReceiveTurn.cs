namespace Zcrx.Rx.Receiving;

/// <summary>
/// Records the progress of one turn: the number of handled completions, and the connections that received. Ring thread only, unless stated
/// otherwise.
/// </summary>
internal sealed class ReceiveTurn
{
    private volatile bool _isAbandoned;

    /// <summary>
    /// Gets the lock under which a thread takes an accepted socket from a completion. It keeps the ring thread, and a thread that abandons
    /// it, from taking the same socket.
    /// </summary>
    /// <remarks>
    /// The completion ring is advanced and the ring is closed only under this lock. No other lock is taken while it is held.
    /// </remarks>
    public Lock Gate { get; } = new();

    /// <summary>
    /// Gets a value indicating whether the ring thread was abandoned as stuck. It then handles no further completions. Any thread.
    /// </summary>
    public bool IsAbandoned => _isAbandoned;

    private readonly List<ConnectionReceiver> _received = [];

    /// <summary>Gets the number of the current turn.</summary>
    public long Number { get; private set; }

    /// <summary>
    /// Gets the number of completions of the current batch that were handled. It tells a failure handler where in the batch the failure
    /// occurred.
    /// </summary>
    public uint Handled { get; private set; }

    /// <summary>Gets a value indicating whether the batch filled the completion ring.</summary>
    public bool WasRingFull { get; private set; }

    /// <summary>
    /// Gets a value indicating whether the completion ring is corrupt. Its remaining completions must then be ignored, because their
    /// descriptors may be arbitrary.
    /// </summary>
    public bool IsCorrupt { get; private set; }

    /// <summary>Gets the connections that have received bytes in this turn.</summary>
    public IReadOnlyList<ConnectionReceiver> Received => _received;

    /// <summary>Begins a turn.</summary>
    public void Begin(bool wasRingFull)
    {
        Number++;
        WasRingFull = wasRingFull;
    }

    /// <summary>Adds to the number of handled completions.</summary>
    public void CountHandled(uint completions) => Handled += completions;

    /// <summary>
    /// Takes ownership of the socket in an accept completion, by counting the completion as handled. If the ring thread was abandoned, the
    /// abandoning thread owns the sockets of all unhandled completions.
    /// </summary>
    /// <returns>False if the ring thread was abandoned.</returns>
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

    /// <summary>Ends the batch. All its completions were handled, and the kernel may reuse their entries.</summary>
    public void EndBatch() => Handled = 0;

    /// <summary>Records that the ring thread was abandoned. Any thread, under the lock.</summary>
    public void Abandon() => _isAbandoned = true;

    /// <summary>Records that the completion ring is corrupt.</summary>
    public void MarkCorrupt() => IsCorrupt = true;

    /// <summary>Adds a connection to the list when it first receives in this turn.</summary>
    public void Add(ConnectionReceiver connection)
    {
        if (connection.TryEnterTurn(Number))
        {
            _received.Add(connection);
        }
    }

    /// <summary>Clears the list of connections that have received, after they were reviewed.</summary>
    public void ClearReceived() => _received.Clear();
}
