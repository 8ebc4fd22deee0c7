namespace Zcrx.Interop.Multishot;

/// <summary>Specifies what a receive request of the caller waits for.</summary>
internal enum ReceivePhase
{
    /// <summary>A multishot receive is armed in the host ring.</summary>
    Armed,

    /// <summary>
    /// The armed multishot receive was cancelled, because the connection changes to reads. Its last completion is awaited.
    /// </summary>
    Stopping,

    /// <summary>A poll waits until the socket is readable.</summary>
    Polling,

    /// <summary>The socket is readable. The request waits in the list of ready receives.</summary>
    Ready,
}
