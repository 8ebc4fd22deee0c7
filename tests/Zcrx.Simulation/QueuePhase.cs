namespace Zcrx.Simulation;

/// <summary>Specifies the phase of a ring thread in its turn.</summary>
internal enum QueuePhase
{
    /// <summary>The thread has to create its ring.</summary>
    Opening,

    /// <summary>The thread is about to begin a turn.</summary>
    Beginning,

    /// <summary>The thread is about to enter the ring.</summary>
    Entering,

    /// <summary>The thread sleeps in the kernel.</summary>
    Asleep,

    /// <summary>The thread is about to handle completions.</summary>
    Completing,

    /// <summary>The thread has ended.</summary>
    Ended,
}
