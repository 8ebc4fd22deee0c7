namespace Zcrx.Rx;

/// <summary>Specifies whether the kernel will send a notification of a type.</summary>
public enum ArmState
{
    /// <summary>The kernel will not: it has no notifications, or the queue was imported from another ring.</summary>
    Disarmed,

    /// <summary>The next event fires one.</summary>
    Armed,

    /// <summary>One has fired; no more until it is armed again.</summary>
    Fired,

    /// <summary>The type is being armed again.</summary>
    Arming,
}
