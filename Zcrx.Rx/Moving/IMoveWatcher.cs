namespace Zcrx.Rx.Moving;

/// <summary>Follows the progress of a move, on ring threads. Not every move arrives.</summary>
internal interface IMoveWatcher
{
    /// <summary>The connection has left its queue.</summary>
    void OnDeparted();

    /// <summary>The connection belongs to the other queue.</summary>
    void OnArrived();
}
