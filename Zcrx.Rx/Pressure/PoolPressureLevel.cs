using System.Text.Json.Serialization;

namespace Zcrx.Rx;

/// <summary>Specifies how much of a queue's pool is in use.</summary>
/// <remarks>If queues share their memory, the queue that returns the buffers to the kernel counts the leases of all of them.</remarks>
[JsonConverter(typeof(JsonStringEnumConverter<PoolPressureLevel>))]
public enum PoolPressureLevel
{
    /// <summary>Below the high water mark: all connections receive.</summary>
    Normal,

    /// <summary>
    /// Above the high water mark, and not yet below the low water mark: connections that lease more than their quota are paused.
    /// </summary>
    High,

    /// <summary>A receive ended because no buffer was free, or only the reserve is left, which serves connections without leases.</summary>
    Exhausted,
}
