namespace Zcrx.Rx;

/// <summary>How much of a queue's pool is in use.</summary>
public enum PoolPressureLevel
{
    /// <summary>Below the high water mark: everybody receives.</summary>
    Normal,

    /// <summary>Above it, and not yet back below the low one: connections that hold more than their quota are paused.</summary>
    High,

    /// <summary>The pool has run out, or a receive ended because of that.</summary>
    Exhausted,
}
