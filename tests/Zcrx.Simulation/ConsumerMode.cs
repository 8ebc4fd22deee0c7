namespace Zcrx.Simulation;

/// <summary>Specifies what the observer of a connection does in OnNext.</summary>
internal enum ConsumerMode
{
    /// <summary>The observer reads.</summary>
    Read,

    /// <summary>The observer leases every buffer.</summary>
    LeaseAll,

    /// <summary>The observer leases every third buffer.</summary>
    LeaseSome,

    /// <summary>The observer keeps the borrowed buffer and uses it later, which must fail.</summary>
    KeepBorrowed,

    /// <summary>The observer passes the borrowed buffer to another thread, which must fail.</summary>
    PassBorrowed,

    /// <summary>The observer pauses its connection.</summary>
    Pause,

    /// <summary>The observer unsubscribes.</summary>
    Unsubscribe,

    /// <summary>The observer throws.</summary>
    Throw,
}
