using System.Text.Json.Serialization;

namespace Zcrx.Rx;

/// <summary>Specifies why a connection moves to another queue.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<MoveReason>))]
public enum MoveReason
{
    /// <summary>
    /// The connection was just accepted. Its packets arrive on the target queue, or the target queue has the fewest connections.
    /// </summary>
    Placement,

    /// <summary>
    /// The next bytes lie in the target queue's memory, so only that queue can receive them. No limit on moves applies, because the stream
    /// would fail without the move.
    /// </summary>
    ForeignMemory,

    /// <summary>The kernel copies the bytes of the connection, because its packets arrive on another RX queue.</summary>
    CopyStorm,

    /// <summary>The connection's queue stays under pressure, while another queue has clearly less load.</summary>
    Pressure,
}
