using Zcrx.Interop.Abi;

namespace Zcrx.Rx.Notifications;

/// <summary>The arm state of one notification type. Pure: time comes in as a number.</summary>
/// <remarks>Armed again at most once per interval, so that a storm costs one completion per interval and not one per packet.</remarks>
internal struct ArmMachine
{
    private long _interval;
    private long _due;

    /// <param name="registered">Whether the type was registered with the kernel.</param>
    /// <param name="interval">Shortest time between two notifications, in the clock's ticks.</param>
    public ArmMachine(bool registered, long interval)
    {
        State = registered ? ArmState.Armed : ArmState.Disarmed;
        _interval = interval;
        _due = long.MaxValue;
    }

    public ArmState State { get; private set; }

    /// <summary>When to call <see cref="TryArm"/> next; <see cref="long.MaxValue"/> for never.</summary>
    public readonly long Due => State == ArmState.Fired ? _due : long.MaxValue;

    /// <summary>A notification has come.</summary>
    public void Fired(long now)
    {
        if (State != ArmState.Disarmed)
        {
            State = ArmState.Fired;
            _due = Later(now);
        }
    }

    /// <summary>Returns whether the kernel is to be asked to arm now.</summary>
    public bool TryArm(long now)
    {
        if (State != ArmState.Fired || now < _due)
        {
            return false;
        }

        State = ArmState.Arming;
        return true;
    }

    /// <summary>Takes the answer of the kernel.</summary>
    /// <param name="result">Zero or a negative errno. −EINVAL means that it had not fired: it is armed.</param>
    /// <param name="now">The time, for the next try.</param>
    /// <returns>Whether it is armed. If not, it is tried again after an interval.</returns>
    public bool Armed(int result, long now)
    {
        if (State != ArmState.Arming)
        {
            // Disarmed since, or never asked.
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

    /// <summary>Another interval from now on; a type that waits to be armed waits no longer than it.</summary>
    public void SetInterval(long interval, long now)
    {
        _interval = interval;
        _due = long.Min(_due, Later(now));
    }

    /// <summary>The ring that owned the notifications is gone.</summary>
    public void Disarm() => State = ArmState.Disarmed;

    private readonly long Later(long now) => now > long.MaxValue - _interval ? long.MaxValue : now + _interval;
}
