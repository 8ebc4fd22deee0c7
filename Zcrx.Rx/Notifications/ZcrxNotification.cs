using Zcrx.Interop;

namespace Zcrx.Rx;

/// <summary>The kernel said something about a queue.</summary>
/// <remarks>A hint: the kernel drops notifications when it cannot allocate one. Nothing in this library depends on receiving any.</remarks>
/// <param name="Queue">The queue's name.</param>
/// <param name="Type">What happened.</param>
/// <param name="ArmState">The type's arm state after it.</param>
/// <param name="Time">When the ring's thread saw it.</param>
public sealed record ZcrxNotification(string Queue, ZcrxNotificationType Type, ArmState ArmState, DateTimeOffset Time);
