namespace Zcrx.Interop;

/// <summary>Changes the flow rules, the RSS table and the header/data split of network interfaces.</summary>
/// <remarks>
/// Threading: any thread. A call that fails changes nothing. To restore the previous state later, make the changes through a
/// <see cref="NicChangeJournal"/>.
/// </remarks>
public interface IFlowSteering
{
    /// <summary>Adds a flow rule.</summary>
    /// <param name="interfaceName">The name of the interface.</param>
    /// <param name="rule">The flow rule to add.</param>
    /// <returns>The id of the rule on the interface, for <see cref="RemoveRule"/>.</returns>
    /// <exception cref="ArgumentException">The rule has no <see cref="FlowRule.Family"/>, which a real interface requires.</exception>
    /// <exception cref="ZcrxException">
    /// The interface does not support the rule, its rule table is full, or this process may not change it. The message states the cause.
    /// </exception>
    int AddRule(string interfaceName, FlowRule rule);

    /// <summary>Removes a flow rule.</summary>
    /// <param name="interfaceName">The name of the interface.</param>
    /// <param name="id">The id that <see cref="AddRule"/> returned.</param>
    /// <returns>False when no rule has that id.</returns>
    /// <exception cref="ZcrxException">
    /// The interface does not support the change, or this process may not make it. The message states the cause.
    /// </exception>
    bool RemoveRule(string interfaceName, int id);

    /// <summary>Replaces the RSS table.</summary>
    /// <param name="interfaceName">The name of the interface.</param>
    /// <param name="table">The RX queue of each hash bucket. The table must be as long as the current one.</param>
    /// <exception cref="ZcrxException">
    /// The interface does not support the change, or this process may not make it. The message states the cause.
    /// </exception>
    void SetRssTable(string interfaceName, IReadOnlyList<int> table);

    /// <summary>Turns header/data split on or off, and sets the size up to which packets are not split.</summary>
    /// <param name="interfaceName">The name of the interface.</param>
    /// <param name="split">Whether headers and payload arrive in separate buffers; null for the driver's default.</param>
    /// <param name="threshold">The size in bytes; null to keep the current one. Drivers without this setting ignore it.</param>
    /// <exception cref="ZcrxException">
    /// The interface does not support the change, or this process may not make it. The message states the cause.
    /// </exception>
    void SetHeaderDataSplit(string interfaceName, bool? split, int? threshold);
}
