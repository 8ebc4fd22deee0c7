namespace Zcrx.Interop;

/// <summary>Provides the network interfaces of one kernel: reads them, steers packets on them, and watches their links.</summary>
/// <remarks>
/// The members are the same for the machine's interfaces and for emulated ones. Safe from any thread.
/// </remarks>
public interface INicControl
{
    /// <summary>Gets the reader of the interfaces.</summary>
    INicFacts Facts { get; }

    /// <summary>
    /// Gets the steering of the interfaces. Does not record the replaced values. <see cref="NicChangeJournal.For"/> returns steering that
    /// records them.
    /// </summary>
    IFlowSteering Steering { get; }

    /// <summary>
    /// Gets a value indicating whether changes persist when this process ends without undoing them. Such changes belong in a journal on
    /// disk.
    /// </summary>
    bool ChangesOutliveProcess { get; }

    /// <summary>Returns a key for state that exists once per interface.</summary>
    /// <param name="interfaceName">The name of the interface.</param>
    /// <returns>A key that is equal for the same interface only; null when the kernel cannot have an interface of that name.</returns>
    object? Identify(string interfaceName);

    /// <summary>Reports each change of an interface's link from now on. If the interface does not exist, reports that at once.</summary>
    /// <param name="interfaceName">The name of the interface.</param>
    /// <param name="changed">
    /// Called on the thread that detects the change, or on the calling thread. Must be quick and must not throw.
    /// </param>
    /// <returns>Ends the reports when disposed.</returns>
    /// <exception cref="ZcrxException">The kernel cannot report changes.</exception>
    IDisposable WatchLink(string interfaceName, Action<LinkChange> changed);
}
