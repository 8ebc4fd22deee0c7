using Zcrx.Actors.Messages;
using Zcrx.Rx;

namespace Zcrx.Actors.Queues;

/// <summary>To a queue supervisor: the state of the other queues.</summary>
/// <param name="Open">Those that are open.</param>
/// <param name="IsHope">Whether one of them is being opened, or will be.</param>
internal sealed record QueuePeers(IReadOnlyList<ZcrxQueue> Open, bool IsHope) : ILocalMessage;

/// <summary>To a queue supervisor: options have changed. They are valid. Answered with <see cref="QueueReconfigured"/>.</summary>
/// <param name="All">The options of the tree.</param>
/// <param name="Queue">Those of this queue; null if they no longer name it.</param>
internal sealed record ReconfigureQueue(ZcrxOptions All, ZcrxQueueOptions? Queue) : ILocalMessage;
