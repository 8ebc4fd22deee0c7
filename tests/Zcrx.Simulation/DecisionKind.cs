namespace Zcrx.Simulation;

/// <summary>Specifies the next event of a simulation.</summary>
internal enum DecisionKind
{
    /// <summary>A ring thread runs until the next point at which another thread can run.</summary>
    Run,

    /// <summary>A ring thread runs until it sleeps.</summary>
    RunUntilAsleep,

    /// <summary>The thread pool runs one item.</summary>
    RunPool,

    /// <summary>Time passes.</summary>
    Advance,

    /// <summary>A peer connects.</summary>
    Connect,

    /// <summary>A peer sends.</summary>
    PeerSend,

    /// <summary>A peer reads the bytes that the application has sent.</summary>
    PeerRead,

    /// <summary>A peer ends its side.</summary>
    PeerFinish,

    /// <summary>A peer closes its socket.</summary>
    PeerClose,

    /// <summary>The application subscribes.</summary>
    Subscribe,

    /// <summary>The application unsubscribes.</summary>
    Unsubscribe,

    /// <summary>The application pauses a connection.</summary>
    Pause,

    /// <summary>The application resumes a connection.</summary>
    Resume,

    /// <summary>The application releases a lease.</summary>
    Release,

    /// <summary>The application leases a leased buffer once more.</summary>
    Retain,

    /// <summary>The application uses a borrowed buffer after OnNext has returned, which must fail.</summary>
    UseStale,

    /// <summary>The application sends.</summary>
    Send,

    /// <summary>The application disposes a connection.</summary>
    Close,

    /// <summary>The application moves a connection to another queue.</summary>
    Move,

    /// <summary>The owner of a queue suspends it.</summary>
    Suspend,

    /// <summary>The owner of a queue stops it.</summary>
    Stop,

    /// <summary>A ring thread fails.</summary>
    Crash,

    /// <summary>The owner of a closed queue opens it again.</summary>
    Open,

    /// <summary>A queue is exported, and another ring imports it.</summary>
    Share,

    /// <summary>The suspended connections may resume on the open queues.</summary>
    ResumeSuspended,

    /// <summary>The kernel misbehaves.</summary>
    Fault,

    /// <summary>The water marks of a queue change.</summary>
    Reconfigure,

    /// <summary>An asynchronous consumer that waits continues.</summary>
    Continue,

    /// <summary>The application commands an actor to restart its queue.</summary>
    RestartQueue,

    /// <summary>The actor of an open queue, or its supervisor, is killed.</summary>
    KillActor,

    /// <summary>Registrations fail.</summary>
    FailOpening,
}
