using Zcrx.Rx.Loop;

namespace Zcrx.Rx.Connections;

/// <summary>A connection without a queue. Changed under the parking's lock.</summary>
internal sealed class ParkedConnection(ZcrxConnection connection, ReceiveLoop former, bool awaitsRoom)
{
    public ZcrxConnection Connection => connection;

    /// <summary>The queue that had it; it has ended.</summary>
    public ReceiveLoop Former => former;

    /// <summary>Whether a sender waits for room in the socket.</summary>
    public bool AwaitsRoom { get; set; } = awaitsRoom;

    /// <summary>The move to another queue that is under way; null while the connection waits.</summary>
    public ConnectionMove? Move { get; set; }

    /// <summary>Whether it is on its way to another queue.</summary>
    public bool IsUnderway => Move is not null;
}
