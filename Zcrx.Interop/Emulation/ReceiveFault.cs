namespace Zcrx.Interop.Emulation;

/// <summary>Specifies the fault that is injected into one receive turn.</summary>
internal enum ReceiveFault
{
    /// <summary>No fault.</summary>
    None,

    /// <summary>The receive finds no free buffer and ends with −ENOMEM.</summary>
    NoBuffers,

    /// <summary>The receive finds the completion ring full and ends with −ENOSPC.</summary>
    CompletionsFull,

    /// <summary>The turn delivers nothing. The bytes wait in the socket.</summary>
    Delayed,

    /// <summary>The receive stays armed and delivers nothing until it is cancelled.</summary>
    Stranded,

    /// <summary>The receive ends with −ECONNRESET, and the connection is reset.</summary>
    Reset,
}
