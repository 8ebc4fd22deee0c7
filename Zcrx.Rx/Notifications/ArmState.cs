using System.Text.Json.Serialization;

namespace Zcrx.Rx;

/// <summary>Specifies whether the kernel will send a notification of a type.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ArmState>))]
public enum ArmState
{
    /// <summary>The kernel sends no notifications: it does not support them, or another ring registered the queue.</summary>
    Disarmed,

    /// <summary>The next event causes a notification.</summary>
    Armed,

    /// <summary>A notification was sent. No other notification follows until the type is armed again.</summary>
    Fired,

    /// <summary>The type is being armed again.</summary>
    Arming,
}
