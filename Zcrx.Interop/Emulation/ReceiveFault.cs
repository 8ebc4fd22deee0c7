namespace Zcrx.Interop.Emulation;

/// <summary>Specifies the fault of one receive turn.</summary>
internal enum ReceiveFault
{
    /// <summary>No fault.</summary>
    None,

    /// <summary>The pool has no buffer: −ENOMEM.</summary>
    NoBuffers,

    /// <summary>The completion ring is full: −ENOSPC.</summary>
    CompletionsFull,

    /// <summary>The turn delivers nothing. The bytes wait in the socket.</summary>
    Delayed,

    /// <summary>The request stays armed without being woken.</summary>
    Stranded,

    /// <summary>The receive ends with −ECONNRESET, and the connection is reset.</summary>
    Reset,
}
