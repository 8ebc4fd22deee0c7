namespace Zcrx.Rx.Moving;

/// <summary>Follows the progress of a move, on ring threads. Not every move reaches its target.</summary>
internal interface IMoveWatcher
{
    /// <summary>Records that the connection has left its queue.</summary>
    void OnLeft();

    /// <summary>Records that the connection belongs to the target queue.</summary>
    void OnArrived();
}
