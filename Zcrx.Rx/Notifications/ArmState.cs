namespace Zcrx.Rx;

/// <summary>Whether the kernel will send a notification of some type.</summary>
public enum ArmState
{
    /// <summary>It will not: the kernel has no notifications, or the queue was imported from another ring.</summary>
    Disarmed,

    /// <summary>The next event fires one.</summary>
    Armed,

    /// <summary>One has fired; no more until it is armed again.</summary>
    Fired,

    /// <summary>It is being armed again.</summary>
    Arming,
}
