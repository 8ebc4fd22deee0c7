using Zcrx.Actors.Messages;

namespace Zcrx.Actors;

/// <summary>Represents a queue whose ring thread is stuck: a callback of the application does not return.</summary>
/// <param name="Since">The time at which the turn began.</param>
/// <param name="ConnectionId">The connection whose callback runs; null if it is being accepted.</param>
/// <param name="Place">The callback, as a clause.</param>
/// <param name="FailsLiveness">Whether it has lasted so long that only a new process helps.</param>
public sealed record StuckQueue(DateTimeOffset Since, long? ConnectionId, string Place, bool FailsLiveness) : ILocalMessage;
