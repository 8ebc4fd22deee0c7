namespace Zcrx.Interop;

/// <summary>Changes the flow rules, the RSS table and the header/data split of network interfaces.</summary>
/// <remarks>
/// Threading: any thread. A call that fails changes nothing. The caller must record the previous state if it wants to restore it.
/// </remarks>
public interface IFlowSteering
{
    /// <summary>Adds a flow rule.</summary>
    /// <param name="interfaceName">The interface.</param>
    /// <param name="rule">The rule.</param>
    /// <returns>The rule's id on that interface.</returns>
    /// <exception cref="ArgumentException">A real interface requires a <see cref="FlowRule.Family"/>.</exception>
    /// <exception cref="ZcrxException">
    /// The interface does not support the rule, its rule table is full, or this process may not change it. The message states the cause.
    /// </exception>
    int AddRule(string interfaceName, FlowRule rule);

    /// <summary>Removes a flow rule.</summary>
    /// <param name="interfaceName">The interface.</param>
    /// <param name="id">The rule's id.</param>
    /// <returns>False when no rule has that id.</returns>
    /// <exception cref="ZcrxException">
    /// The interface does not support the change, or this process may not make it. The message states the cause.
    /// </exception>
    bool RemoveRule(string interfaceName, int id);

    /// <summary>Replaces the RSS table.</summary>
    /// <param name="interfaceName">The interface.</param>
    /// <param name="table">An RX queue for each bucket. The table must be as long as the one that was read.</param>
    /// <exception cref="ZcrxException">
    /// The interface does not support the change, or this process may not make it. The message states the cause.
    /// </exception>
    void SetRssTable(string interfaceName, IReadOnlyList<int> table);

    /// <summary>Turns header/data split on or off, and sets the threshold below which packets are not split.</summary>
    /// <param name="interfaceName">The interface.</param>
    /// <param name="split">Whether headers and payload arrive in separate buffers; null for the driver's default.</param>
    /// <param name="threshold">The threshold in bytes; null to keep it. Drivers without a threshold ignore it.</param>
    /// <exception cref="ZcrxException">
    /// The interface does not support the change, or this process may not make it. The message states the cause.
    /// </exception>
    void SetHeaderDataSplit(string interfaceName, bool? split, int? threshold);
}
