using Zcrx.Rx.Receiving;

namespace Zcrx.Rx.Moving;

/// <summary>Represents a connection without a queue. Changed under the lock of <see cref="SuspendedConnectionOwner"/>.</summary>
/// <param name="connection">The connection.</param>
/// <param name="former">The ended queue that the connection belonged to.</param>
/// <param name="awaitsRoom">Whether a sender waits for room in the socket.</param>
internal sealed class SuspendedConnection(ConnectionReceiver connection, ConnectionHost former, bool awaitsRoom)
{
    public ConnectionReceiver Connection => connection;

    public ConnectionHost Former => former;

    public bool AwaitsRoom { get; set; } = awaitsRoom;

    /// <summary>Gets or sets the move to another queue; null while the connection has no move.</summary>
    public ConnectionMove? Move { get; set; }

    public bool IsMoving => Move is not null;
}
