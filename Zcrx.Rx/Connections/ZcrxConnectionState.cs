namespace Zcrx.Rx;

/// <summary>Why a connection receives, or does not.</summary>
public enum ZcrxConnectionState
{
    /// <summary>It receives.</summary>
    Receiving,

    /// <summary>Nobody subscribes; what comes waits at the sender.</summary>
    Unobserved,

    /// <summary>Paused by <see cref="ZcrxConnection.Pause"/>, or by an operator that has as much as it can take.</summary>
    Paused,

    /// <summary>Waits for buffers: the pool is under pressure or empty.</summary>
    PausedByPressure,

    /// <summary>On its way to another queue, or out; or it waits for a queue that can receive it.</summary>
    Moving,

    /// <summary>The stream has ended or broken, or the connection was closed.</summary>
    Ended,
}
