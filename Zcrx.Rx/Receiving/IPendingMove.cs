namespace Zcrx.Rx.Receiving;

/// <summary>Represents the move of a connection to another queue, for the queue that it leaves.</summary>
internal interface IPendingMove
{
    /// <summary>Ends the move, because the connection ends before it.</summary>
    void GiveUp();
}
