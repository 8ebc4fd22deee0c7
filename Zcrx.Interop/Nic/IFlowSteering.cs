namespace Zcrx.Interop;

/// <summary>Decides on which RX queue packets arrive: over netlink, or on the emulated interfaces.</summary>
/// <remarks>Safe from any thread. A call that fails has changed nothing. The caller records what was there before.</remarks>
public interface IFlowSteering
{
    /// <summary>Adds a flow rule.</summary>
    /// <param name="interfaceName">The interface.</param>
    /// <param name="rule">The rule.</param>
    /// <returns>The rule's id on that interface.</returns>
    /// <exception cref="ArgumentException">A real interface needs to know the <see cref="FlowRule.Family"/>.</exception>
    /// <exception cref="ZcrxException">The interface cannot, has no room, or may not be changed; the error says which.</exception>
    int AddRule(string interfaceName, FlowRule rule);

    /// <summary>Removes a flow rule.</summary>
    /// <param name="interfaceName">The interface.</param>
    /// <param name="id">The rule's id.</param>
    /// <returns>False when there is none with that id.</returns>
    /// <exception cref="ZcrxException">The interface cannot, or may not be changed; the error says which.</exception>
    bool RemoveRule(string interfaceName, int id);

    /// <summary>Replaces the RSS table.</summary>
    /// <param name="interfaceName">The interface.</param>
    /// <param name="table">An RX queue for each bucket; as long as the table that was read.</param>
    /// <exception cref="ZcrxException">The interface cannot, or may not be changed; the error says which.</exception>
    void SetRssTable(string interfaceName, IReadOnlyList<int> table);

    /// <summary>Turns header/data split on or off, and sets the threshold below which packets are not split.</summary>
    /// <param name="interfaceName">The interface.</param>
    /// <param name="split">Whether headers and payload arrive in separate buffers; null for the choice of the driver.</param>
    /// <param name="threshold">In bytes; null to keep it, also where the driver has none.</param>
    /// <exception cref="ZcrxException">The interface cannot, or may not be changed; the error says which.</exception>
    void SetHeaderDataSplit(string interfaceName, bool? split, int? threshold);
}
