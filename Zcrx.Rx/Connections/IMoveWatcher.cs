namespace Zcrx.Rx.Connections;

/// <summary>Is told, on ring threads, how a move gets on. Not every move gets there.</summary>
internal interface IMoveWatcher
{
    /// <summary>The connection is no longer with the queue that it leaves.</summary>
    void OnDeparted();

    /// <summary>It is with the other one.</summary>
    void OnArrived();
}
