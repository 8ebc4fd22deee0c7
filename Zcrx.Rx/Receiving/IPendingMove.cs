namespace Zcrx.Rx.Receiving;

/// <summary>Represents the move of a connection, as the queue that the connection leaves sees it.</summary>
internal interface IPendingMove
{
    /// <summary>Gives up the move, because the connection has ended first.</summary>
    void GiveUp();
}
