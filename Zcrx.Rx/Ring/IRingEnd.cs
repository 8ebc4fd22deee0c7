namespace Zcrx.Rx.Ring;

/// <summary>Provides the operations on a ring that are needed when a queue ends. The ring may have failed. Ring thread only.</summary>
internal interface IRingEnd
{
    /// <summary>Gets a value indicating whether the kernel has lost completions, so that positions of streams are uncertain.</summary>
    bool HasDroppedCompletions { get; }

    /// <summary>Gets a value indicating whether the ring is dead. Requests to a dead ring have no effect.</summary>
    bool IsDead { get; }

    /// <summary>Marks the ring as dead.</summary>
    void MarkDead();

    /// <summary>
    /// Submits and waits for one completion. Throws nothing. Check <see cref="IsDead"/> and <see cref="HasDroppedCompletions"/>.
    /// </summary>
    void TryEnter(TimeSpan timeout);
}
