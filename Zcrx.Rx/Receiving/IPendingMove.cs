namespace Zcrx.Rx.Receiving;

/// <summary>Represents the move or detachment of a connection that is still on its old queue.</summary>
internal interface IPendingMove
{
    /// <summary>Gives up the move, because the connection ended before it could leave.</summary>
    void GiveUp();
}
