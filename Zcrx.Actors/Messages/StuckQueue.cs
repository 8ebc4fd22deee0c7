using Zcrx.Actors.Messages;

namespace Zcrx.Actors;

/// <summary>Represents a queue whose ring thread is stuck, because a callback of the application does not return.</summary>
/// <param name="Since">The time at which the ring thread became stuck.</param>
/// <param name="ConnectionId">
/// The id of the connection whose callback runs. Null if there is none, for example while a connection is being accepted.
/// </param>
/// <param name="Place">The place where the ring thread is stuck, as a clause for messages.</param>
/// <param name="FailsLiveness">True if the queue has been stuck for longer than <see cref="ZcrxWatchdogOptions.NotLiveAfter"/>.</param>
public sealed record StuckQueue(DateTimeOffset Since, long? ConnectionId, string Place, bool FailsLiveness) : ILocalMessage;
