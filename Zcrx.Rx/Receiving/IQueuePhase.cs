namespace Zcrx.Rx.Receiving;

/// <summary>Tells components of a queue whether the queue is ending. Ring thread only.</summary>
internal interface IQueuePhase
{
    /// <summary>Gets a value indicating whether the queue is draining or stopping. It then adds no connections.</summary>
    bool IsEnding { get; }

    /// <summary>Gets a value indicating whether the queue has finished draining and cancels its remaining requests.</summary>
    bool IsStopping { get; }

    /// <summary>Gets a value indicating whether the ending queue suspends its connections instead of closing them.</summary>
    bool Suspends { get; }

    /// <summary>Gets a value indicating whether the ring thread has failed and only delivers the bytes that have arrived.</summary>
    bool IsSalvaging { get; }
}
