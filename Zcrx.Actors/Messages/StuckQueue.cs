using Zcrx.Actors.Messages;

namespace Zcrx.Actors;

/// <summary>Represents a queue whose ring thread is stuck, because a callback of the application does not return.</summary>
/// <param name="Since">The time at which the stuck turn of the ring thread began.</param>
/// <param name="ConnectionId">The id of the connection whose callback runs; null if the connection is being accepted.</param>
/// <param name="Place">The callback that does not return, as a clause for messages.</param>
/// <param name="FailsLiveness">True if the queue has been stuck for longer than <see cref="ZcrxWatchdogOptions.NotLiveAfter"/>.</param>
public sealed record StuckQueue(DateTimeOffset Since, long? ConnectionId, string Place, bool FailsLiveness) : ILocalMessage;
