namespace Zcrx.Interop.Emulation;

/// <summary>What a fault plan does to one receive turn.</summary>
internal enum ReceiveFault
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The pool answers that it has no buffer: −ENOMEM.</summary>
    NoBuffers,

    /// <summary>The completion ring answers that it is full: −ENOSPC.</summary>
    CompletionsFull,

    /// <summary>Nothing happens in this turn; the bytes wait in the socket.</summary>
    Delayed,

    /// <summary>The request stays armed, and nothing wakes it.</summary>
    Stranded,

    /// <summary>The receive ends with −ECONNRESET and the connection is reset.</summary>
    Reset,
}
