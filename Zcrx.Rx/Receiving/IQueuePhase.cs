namespace Zcrx.Rx.Receiving;

/// <summary>Indicates to the owners of connections whether their queue is ending. Ring thread only.</summary>
internal interface IQueuePhase
{
    /// <summary>Gets a value indicating whether the queue drains or stops, so that it adds no connections.</summary>
    bool IsEnding { get; }

    /// <summary>Gets a value indicating whether the queue has drained, and cancels the remaining requests.</summary>
    bool IsStopping { get; }

    /// <summary>Gets a value indicating whether the connections are suspended at the end instead of closed.</summary>
    bool Suspends { get; }

    /// <summary>Gets a value indicating whether the ring thread has failed, and salvages connections.</summary>
    bool IsSalvaging { get; }
}
