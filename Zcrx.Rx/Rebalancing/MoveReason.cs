using System.Text.Json.Serialization;

namespace Zcrx.Rx;

/// <summary>Specifies why a connection moves to another queue.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<MoveReason>))]
public enum MoveReason
{
    /// <summary>
    /// The connection was accepted, and the target queue is the one on which its packets arrive or the one with the fewest connections.
    /// </summary>
    Placement,

    /// <summary>
    /// The next bytes lie in the target queue's memory, so only that queue can receive them. Such a move is always permitted, because the
    /// stream would fail otherwise.
    /// </summary>
    ForeignMemory,

    /// <summary>The kernel copies the bytes of the connection, because its packets arrive on another RX queue.</summary>
    CopyStorm,

    /// <summary>The queue stays under pressure while another queue has capacity.</summary>
    Pressure,
}
