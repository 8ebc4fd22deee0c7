using Zcrx.Actors.Messages;
using Zcrx.Rx;

namespace Zcrx.Actors.Queues;

/// <summary>Contains the messages between the root of the actor tree and a <see cref="QueueSupervisor"/>, except commands.</summary>
internal static class QueueMessage
{
    /// <summary>Reports the state of the other queues to the queue's supervisor, so that it can relocate suspended connections.</summary>
    /// <param name="Open">The other queues that are open.</param>
    /// <param name="MayOpen">True if another queue is being opened or will be opened.</param>
    public sealed record Peers(IReadOnlyList<ZcrxQueue> Open, bool MayOpen) : ILocalMessage;

    /// <summary>
    /// Reports changed and valid options to the queue's supervisor. Answered with <see cref="Reconfigured"/>.
    /// </summary>
    /// <param name="All">The options of the actor tree.</param>
    /// <param name="Queue">The options of the queue; null if the options no longer name it.</param>
    public sealed record Reconfigure(ZcrxOptions All, ZcrxQueueOptions? Queue) : ILocalMessage;

    /// <summary>Answers <see cref="Reconfigure"/>, and reports which options apply now.</summary>
    /// <param name="Applied">The options that apply now.</param>
    /// <param name="NeedReopening">The options that apply when the queue is opened again.</param>
    public sealed record Reconfigured(IReadOnlyList<string> Applied, IReadOnlyList<string> NeedReopening) : ILocalMessage;

    /// <summary>
    /// Tells the queue's supervisor to close the queue and not to open it again. A repeated message can only shorten the time.
    /// </summary>
    /// <param name="Drain">The time limit for the delivery of received bytes.</param>
    public sealed record Stop(TimeSpan Drain) : ILocalMessage;

    /// <summary>Reports to the root of the actor tree that a queue has published a new snapshot.</summary>
    public sealed record Changed : ILocalMessage;
}
