namespace Zcrx.Rx.Receiving;

/// <summary>Specifies the meaning of a receive's last completion.</summary>
internal enum ReceiveEnd
{
    /// <summary>The peer has ended the stream.</summary>
    EndOfStream,

    /// <summary>The request has delivered its budget. If the stream ends there as well, the next receive reports the end.</summary>
    BudgetUsedUp,

    /// <summary>No buffer was free. Nothing is lost. Flush, wait until buffers return, and receive again.</summary>
    NoBuffers,

    /// <summary>The completion ring was full. Nothing is lost. Drain the ring, and receive again.</summary>
    CompletionsFull,

    /// <summary>The request was cancelled.</summary>
    Cancelled,

    /// <summary>
    /// The next bytes lie in the memory of another interface queue on the same interface, and only that queue can
    /// deliver them. Nothing is lost.
    /// </summary>
    ForeignMemory,

    /// <summary>The connection has failed. The stream ends with an error.</summary>
    ConnectionLost,

    /// <summary>The request was invalid. The stream ends with an error that names the caller's mistake.</summary>
    Misuse,
}
