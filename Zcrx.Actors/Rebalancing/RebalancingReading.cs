using Zcrx.Rx;

namespace Zcrx.Actors.Rebalancing;

/// <summary>What the queues of interest and their connections were found to be like.</summary>
/// <param name="Readings">The connections.</param>
/// <param name="Connections">The same, to act upon.</param>
/// <param name="Tables">RSS tables by interface; those that could not be read are left out.</param>
/// <param name="HostSteered">Interfaces of this container whose steering belongs to the host.</param>
internal sealed record RebalancingReading(
    IReadOnlyList<ConnectionReading> Readings,
    IReadOnlyDictionary<long, ZcrxConnection> Connections,
    IReadOnlyDictionary<string, IReadOnlyList<int>> Tables,
    IReadOnlySet<string> HostSteered);
