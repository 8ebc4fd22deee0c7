using Zcrx.Interop;
using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Notifications;

/// <summary>Owns the arm state of each notification type. Ring thread only, except <see cref="States"/>.</summary>
internal sealed class NotificationArming
{
    private const int StateBits = 8;

    private readonly QueueContext _context;
    private readonly Func<ZcrxNotificationType, int> _arm;
    private readonly Action<ZcrxNotification> _publish;
    private ArmMachine _noBuffers;
    private ArmMachine _copies;
    // A copy of both states for other threads, which must not read the machines. One word, so that a reader never sees half of a change.
    private int _states;

    /// <param name="context">Options, clock and counters.</param>
    /// <param name="isRegistered">Determines whether a type was registered with the kernel.</param>
    /// <param name="arm">Arms a type. Returns zero or a negative errno.</param>
    /// <param name="publish">Publishes a notification.</param>
    public NotificationArming(QueueContext context, Func<ZcrxNotificationType, bool> isRegistered, Func<ZcrxNotificationType, int> arm, Action<ZcrxNotification> publish)
    {
        _context = context;
        _arm = arm;
        _publish = publish;
        long interval = context.Clock.ToTicks(context.Options.Value.NotificationInterval);
        _noBuffers = new ArmMachine(isRegistered(ZcrxNotificationType.NoBuffers), interval);
        _copies = new ArmMachine(isRegistered(ZcrxNotificationType.Copy), interval);
        PublishStates();
    }

    /// <summary>Gets the arm states. Thread-safe.</summary>
    public (ArmState NoBuffers, ArmState Copies) States
    {
        get
        {
            int states = Volatile.Read(ref _states);
            return ((ArmState)(states & ((1 << StateBits) - 1)), (ArmState)(states >> StateBits));
        }
    }

    /// <summary>Gets the time at which a type is to be armed again; <see cref="long.MaxValue"/> for never.</summary>
    public long Due => long.Min(_noBuffers.Due, _copies.Due);

    /// <summary>Counts and publishes a notification of the kernel, and schedules its type to be armed again.</summary>
    public void OnNotification(ZcrxNotificationType type)
    {
        ref ArmMachine machine = ref type == ZcrxNotificationType.NoBuffers ? ref _noBuffers : ref _copies;
        machine.Fired(_context.Clock.Now);
        if (type == ZcrxNotificationType.NoBuffers)
        {
            _context.Counters.NoBuffersNotifications++;
        }
        else
        {
            _context.Counters.CopyNotifications++;
        }

        PublishStates();
        _publish(new ZcrxNotification(_context.Options.Name, type, machine.State, _context.Clock.UtcNow));
    }

    /// <summary>Arms the types that are due.</summary>
    public void Rearm()
    {
        if (_noBuffers.State == ArmState.Fired || _copies.State == ArmState.Fired)
        {
            Rearm(ref _noBuffers, ZcrxNotificationType.NoBuffers);
            Rearm(ref _copies, ZcrxNotificationType.Copy);
            PublishStates();
        }
    }

    /// <summary>Changes the shortest time between two notifications of one type.</summary>
    public void SetInterval(TimeSpan interval)
    {
        long ticks = _context.Clock.ToTicks(interval);
        long now = _context.Clock.Now;
        _noBuffers.SetInterval(ticks, now);
        _copies.SetInterval(ticks, now);
    }

    private void Rearm(ref ArmMachine machine, ZcrxNotificationType type)
    {
        long now = _context.Clock.TurnStart;
        if (machine.TryArm(now))
        {
            machine.Armed(_arm(type), now);
        }
    }

    private void PublishStates() => Volatile.Write(ref _states, (int)_noBuffers.State | ((int)_copies.State << StateBits));
}
