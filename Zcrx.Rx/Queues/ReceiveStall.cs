using System.Text.Json.Serialization;

namespace Zcrx.Rx;

/// <summary>Reports that a connection has stalled, or that its stall is over.</summary>
/// <remarks>
/// A connection stalls when a receive is armed and bytes wait in the socket, but none is delivered for
/// <see cref="ZcrxQueueOptions.ReceiveStallTimeout"/>. Zcrx knows no cause for it. A connection that the application or an exhausted pool
/// has paused is not stalled.
/// </remarks>
/// <param name="Queue">The name of the queue.</param>
/// <param name="Connection">The connection that has stalled.</param>
/// <param name="StreamOffset">The number of bytes received before the stall.</param>
/// <param name="BytesWaiting">The number of bytes that wait in the socket; 0 if the stall is over.</param>
/// <param name="Duration">The time since the stall was detected.</param>
/// <param name="IsOver">Whether the stall is over. The connection then receives again or no longer has to receive.</param>
public sealed record ReceiveStall(
    string Queue, [property: JsonIgnore] ZcrxConnection Connection, long StreamOffset, int BytesWaiting, TimeSpan Duration, bool IsOver)
{
    /// <summary>Gets the number of the connection; 0 if the connection is unknown.</summary>
    // A stall that was deserialized from JSON has no connection.
    public long ConnectionId => Connection is null ? 0 : Connection.Id;
}
