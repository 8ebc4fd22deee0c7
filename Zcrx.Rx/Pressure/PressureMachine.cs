namespace Zcrx.Rx.Pressure;

/// <summary>Decides the level of a pool from how many of its buffers are out. Pure: no clock, no thread, no connections.</summary>
/// <remarks>
/// Two marks give hysteresis: the level rises at the high one and falls at the low one only. Exhaustion is believed from
/// either sign: only the reserve is left by the count, or a receive could not go on for want of buffers. The second comes first when the
/// kernel holds buffers that the count does not see.
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

    /// <summary>Other marks from now on. The level follows them when the facts are next looked at.</summary>
    public void SetMarks(double highMark, double lowMark)
    {
        _highMark = highMark;
        _lowMark = lowMark;
    }

    /// <summary>Takes the facts of one turn.</summary>
    /// <param name="buffersOut">Buffers that consumers hold.</param>
    /// <param name="buffers">Buffers in the pool.</param>
    /// <param name="starved">Whether a receive ended for want of a buffer since the last call.</param>
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

    /// <summary>What one connection may hold under pressure.</summary>
    /// <param name="buffers">Buffers in the pool.</param>
    /// <param name="connections">Connections that share it.</param>
    /// <param name="configured">The configured quota, or 0 for an equal share.</param>
    public static int Quota(int buffers, int connections, int configured) =>
        configured > 0 ? configured : int.Max(1, buffers / int.Max(1, connections + 1));

    /// <summary>The last buffers of a pool, which only connections that hold none may take: an eighth, at least one.</summary>
    /// <param name="buffers">Buffers in the pool.</param>
    public static int Reserve(int buffers) => int.Max(1, buffers / 8);

    private static int ExhaustedCount(int buffers) => int.Max(1, buffers - Reserve(buffers));

    private readonly int HighCount(int buffers) => int.Clamp((int)Math.Ceiling(buffers * _highMark), 1, ExhaustedCount(buffers));

    // Below the high mark and above nothing: a pool of two buffers has no more than two levels, but those it has.
    private readonly int LowCount(int buffers) => int.Clamp((int)(buffers * _lowMark), 0, HighCount(buffers) - 1);
}
