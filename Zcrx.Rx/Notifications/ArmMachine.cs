using Zcrx.Interop.Abi;

namespace Zcrx.Rx.Notifications;

/// <summary>Decides when one notification type is armed again. Reads no clock: callers pass the time.</summary>
/// <remarks>
/// A type is armed at most once per interval, so that a burst of events costs one completion per interval instead of one per packet.
/// </remarks>
internal struct ArmMachine
{
    private long _interval;
    private long _due;

    /// <param name="registered">Whether the type was registered with the kernel.</param>
    /// <param name="interval">The shortest time between two notifications, in the clock's ticks.</param>
    public ArmMachine(bool registered, long interval)
    {
        State = registered ? ArmState.Armed : ArmState.Disarmed;
        _interval = interval;
        _due = long.MaxValue;
    }

    public ArmState State { get; private set; }

    /// <summary>Gets the time from which <see cref="TryArm"/> returns true; <see cref="long.MaxValue"/> for never.</summary>
    public readonly long Due => State == ArmState.Fired ? _due : long.MaxValue;

    /// <summary>Records that the kernel has sent a notification, which disarms the type.</summary>
    public void Fired(long now)
    {
        if (State != ArmState.Disarmed)
        {
            State = ArmState.Fired;
            _due = Later(now);
        }
    }

    /// <summary>
    /// Returns true if the caller is to arm the type now. The caller then passes the kernel's result to <see cref="Armed"/>.
    /// </summary>
    public bool TryArm(long now)
    {
        if (State != ArmState.Fired || now < _due)
        {
            return false;
        }

        State = ArmState.Arming;
        return true;
    }

    /// <summary>Records the kernel's result of arming the type.</summary>
    /// <param name="result">Zero or a negative errno. −EINVAL means that the type had not fired, so it is armed.</param>
    /// <param name="now">The time, for the next attempt.</param>
    /// <returns>Whether the type is armed. If not, the next attempt follows after an interval.</returns>
    public bool Armed(int result, long now)
    {
        if (State != ArmState.Arming)
        {
            // The type is not being armed, for example because it was disarmed after TryArm.
            return false;
        }

        if (result is 0 or -Errno.EINVAL)
        {
            State = ArmState.Armed;
            return true;
        }

        State = ArmState.Fired;
        _due = Later(now);
        return false;
    }

    /// <summary>Changes the interval. A type that waits to be armed waits no longer than the new interval.</summary>
    public void SetInterval(long interval, long now)
    {
        _interval = interval;
        _due = long.Min(_due, Later(now));
    }

    /// <summary>Disarms the type permanently: the ring that owned the notifications is closed.</summary>
    public void Disarm() => State = ArmState.Disarmed;

    private readonly long Later(long now) => now > long.MaxValue - _interval ? long.MaxValue : now + _interval;
}
