using Zcrx.Interop;

namespace Zcrx.Rx;

/// <summary>Represents a notification of the kernel about a queue.</summary>
/// <remarks>
/// A notification is only a hint: the kernel drops notifications when it cannot allocate memory. No feature of
/// this library depends on them.
/// </remarks>
/// <param name="Queue">The queue's name.</param>
/// <param name="Type">The event.</param>
/// <param name="ArmState">The type's arm state after the notification.</param>
/// <param name="Time">The time at which the ring thread handled the notification.</param>
public sealed record ZcrxNotification(string Queue, ZcrxNotificationType Type, ArmState ArmState, DateTimeOffset Time);
