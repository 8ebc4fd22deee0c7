namespace Zcrx.Rx.Ring;

/// <summary>Represents a subject of callbacks that changes more often than the heartbeat is written.</summary>
internal interface IRingSubject
{
    /// <summary>Gets the connection whose callback runs; null for none. Any thread.</summary>
    object? Current { get; }
}
