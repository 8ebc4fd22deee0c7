namespace Zcrx.Rx.Receiving;

/// <summary>Represents the move of a connection to another queue, for the queue that it leaves.</summary>
internal interface IPendingMove
{
    /// <summary>The connection ends before it could be moved.</summary>
    void GiveUp();
}
