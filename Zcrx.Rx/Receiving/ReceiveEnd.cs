namespace Zcrx.Rx.Receiving;

/// <summary>Specifies why a receive has ended.</summary>
internal enum ReceiveEnd
{
    /// <summary>The peer has ended the stream.</summary>
    EndOfStream,

    /// <summary>
    /// The request has delivered as many bytes as its budget allows. If the stream ends at that point, the next receive reports it.
    /// </summary>
    BudgetUsedUp,

    /// <summary>No buffer was free. No bytes are lost. The receive is issued again after a flush, or once buffers return.</summary>
    NoBuffers,

    /// <summary>The completion ring was full. No bytes are lost. The receive is issued again once the ring is drained.</summary>
    CompletionsFull,

    /// <summary>The request was cancelled.</summary>
    Cancelled,

    /// <summary>
    /// The next bytes lie in the memory of another interface queue of the same interface. Only that queue can deliver them. No bytes are
    /// lost.
    /// </summary>
    ForeignMemory,

    /// <summary>The connection has failed, and its stream ends with an error.</summary>
    ConnectionLost,

    /// <summary>The request was invalid, and the stream ends with an error that says why.</summary>
    Misuse,
}
