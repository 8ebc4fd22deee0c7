namespace Zcrx.Simulation;

/// <summary>Specifies what the observer of a connection does in OnNext.</summary>
internal enum ConsumerMode
{
    /// <summary>It reads.</summary>
    Read,

    /// <summary>It leases every buffer.</summary>
    LeaseAll,

    /// <summary>It leases every third buffer.</summary>
    LeaseSome,

    /// <summary>It keeps the borrowed buffer and uses it later, which must fail.</summary>
    KeepBorrowed,

    /// <summary>It passes the borrowed buffer to another thread, which must fail.</summary>
    PassBorrowed,

    /// <summary>It pauses its connection.</summary>
    Pause,

    /// <summary>It unsubscribes.</summary>
    Unsubscribe,

    /// <summary>It throws.</summary>
    Throw,
}
