using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors;

/// <summary>Represents the state of one type of the kernel's notifications on a queue.</summary>
/// <param name="Type">The type.</param>
/// <param name="ArmState">Whether the kernel will send one.</param>
/// <param name="Received">Notifications since the queue was last opened.</param>
public sealed record NotificationStatus(ZcrxNotificationType Type, ArmState ArmState, long Received);
