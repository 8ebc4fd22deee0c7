namespace Zcrx.Rx;

/// <summary>How much of a queue's pool is in use.</summary>
public enum PoolPressureLevel
{
    /// <summary>Below the high water mark: everybody receives.</summary>
    Normal,

    /// <summary>Above it, and not yet back below the low one: connections that hold more than their quota are paused.</summary>
    High,

    /// <summary>The pool has run out but for its reserve, which only connections that hold nothing may use; or a receive ended for want of a buffer.</summary>
    Exhausted,
}
