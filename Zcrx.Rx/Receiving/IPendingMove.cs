namespace Zcrx.Rx.Receiving;

/// <summary>Represents a connection's move to another queue while the connection is still on its old queue.</summary>
internal interface IPendingMove
{
    /// <summary>Cancels the move, because the connection ended before it could move.</summary>
    void GiveUp();
}
