namespace Zcrx.Simulation;

/// <summary>Represents time that advances only when the simulation decides so. One tick is 100 ns.</summary>
internal sealed class VirtualClock : TimeProvider
{
    private readonly List<VirtualTimer> _timers = [];
    private long _ticks = TimeSpan.TicksPerSecond;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>Gets the virtual time since the beginning.</summary>
    public TimeSpan Elapsed => TimeSpan.FromTicks(_ticks - TimeSpan.TicksPerSecond);

    public override long GetTimestamp() => _ticks;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddTicks(_ticks);

    /// <summary>Gets the timestamp at which the next timer fires; null if no timer runs.</summary>
    public long? NextTimer => _timers.Count == 0 ? null : _timers.Min(static timer => timer.Due);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        VirtualTimer timer = new(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Calls the timers that are due. They do not fire while the time advances, because a ring thread may advance it.</summary>
    public void FireTimers()
    {
        while (_timers.Where(timer => timer.Due <= _ticks).MinBy(static timer => timer.Due) is { } next)
        {
            next.Fire();
        }
    }

    /// <summary>Advances the time.</summary>
    public void Advance(TimeSpan span) => _ticks += long.Max(span.Ticks, 0);

    /// <summary>Represents a timer. It runs while the clock has it.</summary>
    private sealed class VirtualTimer(VirtualClock clock, TimerCallback callback, object? state) : ITimer
    {
        private long _period;

        public long Due { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            clock._timers.Remove(this);
            _period = period > TimeSpan.Zero ? period.Ticks : 0;
            if (dueTime >= TimeSpan.Zero)
            {
                Due = clock._ticks + dueTime.Ticks;
                clock._timers.Add(this);
            }

            return true;
        }

        public void Fire()
        {
            clock._timers.Remove(this);
            if (_period > 0)
            {
                Due += _period;
                clock._timers.Add(this);
            }

            callback(state);
        }

        public void Dispose() => clock._timers.Remove(this);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
