namespace Zcrx.Rx.Ring;

/// <summary>
/// Provides the ring operations that are needed to end a queue. They also work on a ring that has failed. Ring thread only.
/// </summary>
internal interface IRingEnd
{
    /// <summary>Gets a value indicating whether the kernel has lost completions. The positions of streams are then uncertain.</summary>
    bool HasDroppedCompletions { get; }

    /// <summary>Gets a value indicating whether the ring is dead. A request to a dead ring has no effect.</summary>
    bool IsDead { get; }

    /// <summary>Marks the ring as dead.</summary>
    void MarkDead();

    /// <summary>
    /// Submits the prepared requests and waits for one completion. Does not throw. The result is visible in <see cref="IsDead"/> and
    /// <see cref="HasDroppedCompletions"/>.
    /// </summary>
    void TryEnter(TimeSpan timeout);
}
