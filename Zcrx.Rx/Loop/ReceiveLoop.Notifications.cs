using Zcrx.Interop;
using Zcrx.Rx.Notifications;

namespace Zcrx.Rx.Loop;

/// <content>Notifications and their arm state.</content>
internal sealed unsafe partial class ReceiveLoop
{
    private ArmMachine _noBuffers;
    private ArmMachine _copies;

    public (ArmState NoBuffers, ArmState Copies) ArmStates => (_noBuffers.State, _copies.State);

    private bool IsRegistered(ZcrxNotificationType type) => Exported is null && _capabilities.Notifications && (_capabilities.NotificationTypes & (1u << (int)type)) != 0;

    private void OnNotification(ZcrxNotificationType type)
    {
        long now = _time.GetTimestamp();
        ref ArmMachine machine = ref type == ZcrxNotificationType.NoBuffers ? ref _noBuffers : ref _copies;
        machine.Fired(now);
        if (type == ZcrxNotificationType.NoBuffers)
        {
            Counters.NoBuffersNotifications++;
            _starvedSignal = true;
        }
        else
        {
            Counters.CopyNotifications++;
        }

        _events.Notified(new ZcrxNotification(_options.Name, type, machine.State, _time.GetUtcNow()));
    }

    private void RearmNotifications()
    {
        if (_noBuffers.State == ArmState.Fired || _copies.State == ArmState.Fired)
        {
            Rearm(ref _noBuffers, ZcrxNotificationType.NoBuffers, _now);
            Rearm(ref _copies, ZcrxNotificationType.Copy, _now);
        }
    }

    private void Rearm(ref ArmMachine machine, ZcrxNotificationType type, long now)
    {
        if (machine.TryArm(now))
        {
            machine.Armed(_queue.Arm(type), now);
        }
    }
}
