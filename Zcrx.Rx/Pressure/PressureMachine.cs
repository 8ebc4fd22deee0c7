namespace Zcrx.Rx.Pressure;

/// <summary>Decides the level of a pool from how many of its buffers are out. Pure: no clock, no thread, no connections.</summary>
/// <remarks>
/// Two marks give hysteresis: the level rises at the high one and falls at the low one only. Exhaustion is believed from
/// either sign, the count or a receive that the kernel ended for want of buffers; the second comes first when the
/// kernel holds buffers that the count does not see.
/// </remarks>
internal struct PressureMachine
{
    private readonly double _highMark;
    private readonly double _lowMark;

    public PressureMachine(double highMark, double lowMark)
    {
        _highMark = highMark;
        _lowMark = lowMark;
    }

    public PoolPressureLevel Level { get; private set; }

    /// <summary>Takes the facts of one turn.</summary>
    /// <param name="buffersOut">Buffers that consumers hold.</param>
    /// <param name="buffers">Buffers in the pool.</param>
    /// <param name="starved">Whether a receive ended for want of a buffer since the last call.</param>
    /// <returns>Whether the level changed.</returns>
    public bool Observe(int buffersOut, int buffers, bool starved)
    {
        PoolPressureLevel before = Level;
        if (buffersOut >= buffers || (starved && buffersOut > LowCount(buffers)))
        {
            Level = PoolPressureLevel.Exhausted;
        }
        else if (buffersOut <= LowCount(buffers))
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

    // At least one below the top, so that a pool of two buffers has three levels as well.
    private readonly int HighCount(int buffers) => int.Clamp((int)Math.Ceiling(buffers * _highMark), 1, buffers);

    private readonly int LowCount(int buffers) => int.Min((int)(buffers * _lowMark), HighCount(buffers) - 1);
}
