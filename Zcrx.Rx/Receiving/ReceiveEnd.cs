namespace Zcrx.Rx.Receiving;

/// <summary>Specifies what the last completion of a receive means.</summary>
internal enum ReceiveEnd
{
    /// <summary>The peer has sent everything.</summary>
    EndOfStream,

    /// <summary>The budget has been delivered. If the stream ends there as well, the next receive says so.</summary>
    BudgetUsedUp,

    /// <summary>No free buffer; nothing is lost. Flush, wait for returns, receive again.</summary>
    NoBuffers,

    /// <summary>The completion ring was full; nothing is lost. Drain it, receive again.</summary>
    CompletionsFull,

    /// <summary>We cancelled it.</summary>
    Cancelled,

    /// <summary>The next bytes lie in the memory of another interface queue of the interface, and only that one can deliver them. Nothing is lost.</summary>
    ForeignMemory,

    /// <summary>The connection is gone; an error for its own stream.</summary>
    ConnectionLost,

    /// <summary>The request made no sense; an error for its own stream that points at the caller.</summary>
    Misuse,
}
