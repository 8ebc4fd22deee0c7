namespace Zcrx.Rx.Pressure;

/// <summary>
/// Determines the level of a pool from the number of buffers that consumers lease. Does no I/O.
/// </summary>
/// <remarks>
/// Two marks give hysteresis: the level rises at the high mark, and falls at the low mark. The pool is exhausted if only the reserve is
/// left, or if a receive ended because no buffer was free. The kernel may hold buffers that count as free, so a receive may fail before
/// only the reserve is left.
/// </remarks>
internal struct PressureMachine
{
    private double _highMark;
    private double _lowMark;

    public PressureMachine(double highMark, double lowMark)
    {
        _highMark = highMark;
        _lowMark = lowMark;
    }

    public PoolPressureLevel Level { get; private set; }

    /// <summary>Changes the marks. The level follows at the next observation.</summary>
    public void SetMarks(double highMark, double lowMark)
    {
        _highMark = highMark;
        _lowMark = lowMark;
    }

    /// <summary>Determines the level anew from the numbers of one turn.</summary>
    /// <param name="buffersOut">The number of buffers that consumers lease.</param>
    /// <param name="buffers">The number of buffers in the pool.</param>
    /// <param name="starved">Whether, since the last call, a receive ended because no buffer was free.</param>
    /// <returns>Whether the level changed.</returns>
    public bool Observe(int buffersOut, int buffers, bool starved)
    {
        PoolPressureLevel before = Level;
        int low = LowCount(buffers);
        if (buffersOut >= ExhaustedCount(buffers) || (starved && buffersOut > low))
        {
            Level = PoolPressureLevel.Exhausted;
        }
        else if (buffersOut <= low)
        {
            Level = PoolPressureLevel.Normal;
        }
        else if (buffersOut >= HighCount(buffers) && Level == PoolPressureLevel.Normal)
        {
            Level = PoolPressureLevel.High;
        }

        return Level != before;
    }

    /// <summary>Returns how many buffers one connection may lease under pressure.</summary>
    /// <param name="buffers">The number of buffers in the pool.</param>
    /// <param name="connections">The number of connections that share the pool.</param>
    /// <param name="configured">The configured quota; 0 for an equal share.</param>
    public static int Quota(int buffers, int connections, int configured) =>
        configured > 0 ? configured : int.Max(1, buffers / int.Max(1, connections + 1));

    /// <summary>Returns the size of the reserve, which only connections without leases may use: an eighth, at least one.</summary>
    /// <param name="buffers">The number of buffers in the pool.</param>
    public static int Reserve(int buffers) => int.Max(1, buffers / 8);

    private static int ExhaustedCount(int buffers) => int.Max(1, buffers - Reserve(buffers));

    private readonly int HighCount(int buffers) => int.Clamp((int)Math.Ceiling(buffers * _highMark), 1, ExhaustedCount(buffers));

    // The low mark must be below the high mark, and not negative. A pool of two buffers therefore has no level High.
    private readonly int LowCount(int buffers) => int.Clamp((int)(buffers * _lowMark), 0, HighCount(buffers) - 1);
}
