using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors;

/// <summary>Represents the state of one type of kernel notification on a queue.</summary>
/// <param name="Type">The type.</param>
/// <param name="ArmState">Indicates whether the kernel will send a notification of this type.</param>
/// <param name="Received">The number of notifications since the queue was last opened.</param>
public sealed record NotificationStatus(ZcrxNotificationType Type, ArmState ArmState, long Received);
