using Akka.Hosting;

namespace Zcrx.Actors;

/// <summary>Represents the rebalancer's actor in Akka.Hosting's <see cref="ActorRegistry"/>: <c>IRequiredActor&lt;ZcrxRebalancer&gt;</c> resolves it.</summary>
/// <remarks>
/// The actor answers <see cref="ZcrxCommand"/> like the supervisor does. Its actions are published as <see cref="RebalanceEvent"/>.
/// </remarks>
public sealed class ZcrxRebalancer
{
    private ZcrxRebalancer()
    {
    }
}
