using System.Text.Json.Serialization;

namespace Zcrx.Rx;

/// <summary>Specifies why a connection moves to another queue.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<MoveReason>))]
public enum MoveReason
{
    /// <summary>The connection was accepted, and its packets arrive on that queue, or that queue has the fewest connections.</summary>
    Placement,

    /// <summary>The next bytes lie in the other queue's memory, so that only that queue can receive them. Always permitted: otherwise the stream fails.</summary>
    ForeignMemory,

    /// <summary>The kernel copies its bytes, because its packets arrive on another RX queue.</summary>
    CopyStorm,

    /// <summary>The queue stays under pressure while another has capacity.</summary>
    Pressure,
}
