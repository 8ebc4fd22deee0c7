namespace Zcrx.Simulation;

/// <summary>Specifies where a ring thread is in its turn.</summary>
internal enum QueuePhase
{
    /// <summary>It has to create its ring.</summary>
    Opening,

    /// <summary>It is about to begin a turn.</summary>
    Beginning,

    /// <summary>It is about to enter the ring.</summary>
    Entering,

    /// <summary>It sleeps in the kernel.</summary>
    Asleep,

    /// <summary>It is about to handle completions.</summary>
    Completing,

    /// <summary>It has ended.</summary>
    Ended,
}
