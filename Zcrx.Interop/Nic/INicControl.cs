namespace Zcrx.Interop;

/// <summary>Provides the network interfaces of one kernel. Reads their state, steers packets on them, and watches their links.</summary>
/// <remarks>The machine's interfaces and emulated ones have the same members. Can be used on any thread.</remarks>
public interface INicControl
{
    /// <summary>Gets the object that reads the state of the interfaces.</summary>
    INicFacts Facts { get; }

    /// <summary>
    /// Gets the object that changes the steering of the interfaces. It does not record the replaced values.
    /// <see cref="NicChangeJournal.For"/> returns an object that records them.
    /// </summary>
    IFlowSteering Steering { get; }

    /// <summary>
    /// Gets a value indicating whether changes stay in effect when this process ends without undoing them. Such changes must be recorded in
    /// a journal on disk.
    /// </summary>
    bool ChangesOutliveProcess { get; }

    /// <summary>Returns a key by which callers store data for an interface.</summary>
    /// <param name="interfaceName">The name of the interface.</param>
    /// <returns>A key that is equal for the same interface only; null when this kernel cannot have an interface of that name.</returns>
    object? Identify(string interfaceName);

    /// <summary>Reports each later change of an interface's link. If the interface does not exist, reports that at once.</summary>
    /// <param name="interfaceName">The name of the interface.</param>
    /// <param name="changed">
    /// Called on the thread that detects the change, or on the calling thread. Must be quick and must not throw.
    /// </param>
    /// <returns>Ends the reports when disposed.</returns>
    /// <exception cref="ZcrxException">The kernel cannot report changes.</exception>
    IDisposable WatchLink(string interfaceName, Action<LinkChange> changed);
}
