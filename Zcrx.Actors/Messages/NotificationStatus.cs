using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors;

/// <summary>How one type of the kernel's notifications stands on a queue.</summary>
/// <param name="Type">The type.</param>
/// <param name="ArmState">Whether the kernel will send one.</param>
/// <param name="Received">Notifications since the queue was last opened.</param>
public sealed record NotificationStatus(ZcrxNotificationType Type, ArmState ArmState, long Received);
