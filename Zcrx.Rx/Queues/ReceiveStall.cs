using System.Text.Json.Serialization;

namespace Zcrx.Rx;

/// <summary>Reports that a connection should receive but does not, or that it receives again.</summary>
/// <remarks>
/// A stall has no cause that Zcrx knows of: a receive is armed, bytes wait in the socket, and none was delivered for
/// <see cref="ZcrxQueueOptions.ReceiveStallTimeout"/>. Pauses by the application or by an exhausted pool are not stalls.
/// </remarks>
/// <param name="Queue">The queue's name.</param>
/// <param name="Connection">The connection.</param>
/// <param name="StreamOffset">The number of bytes received before the stall.</param>
/// <param name="BytesWaiting">The number of bytes in the socket; 0 if the stall is over.</param>
/// <param name="Duration">The time since the stall was detected.</param>
/// <param name="IsOver">Whether the stall has ended, because the connection receives again or no longer has to receive.</param>
public sealed record ReceiveStall(
    string Queue, [property: JsonIgnore] ZcrxConnection Connection, long StreamOffset, int BytesWaiting, TimeSpan Duration, bool IsOver)
{
    /// <summary>Gets the connection's number.</summary>
    // A record that was read from JSON has no connection.
    public long ConnectionId => Connection is null ? 0 : Connection.Id;
}
