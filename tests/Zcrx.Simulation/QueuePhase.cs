namespace Zcrx.Simulation;

/// <summary>Specifies the phase of a ring thread within its turn.</summary>
internal enum QueuePhase
{
    /// <summary>The thread has not created its ring yet.</summary>
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
