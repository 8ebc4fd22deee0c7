using System.Text.Json.Serialization;

namespace Zcrx.Rx;

/// <summary>Specifies how much of a queue's pool is in use.</summary>
/// <remarks>
/// If queues share memory, one of them returns the buffers of all to the kernel. The level of that queue counts the leases of all.
/// </remarks>
[JsonConverter(typeof(JsonStringEnumConverter<PoolPressureLevel>))]
public enum PoolPressureLevel
{
    /// <summary>Few buffers are leased. All connections receive.</summary>
    Normal,

    /// <summary>
    /// The leases have reached the high water mark, and are still above the low water mark. Connections that lease more than their quota
    /// are paused.
    /// </summary>
    High,

    /// <summary>Only the reserve for connections without leases is left, or a receive ended because no buffer was free.</summary>
    Exhausted,
}
