using Akka.Hosting;

namespace Zcrx.Actors;

/// <summary>
/// Represents the actor of the rebalancer in Akka.Hosting's <see cref="ActorRegistry"/>.
/// <c>IRequiredActor&lt;ZcrxRebalancer&gt;</c> resolves it.
/// </summary>
/// <remarks>
/// The actor answers <see cref="ZcrxCommand"/> like the supervisor does. It publishes its actions as <see cref="RebalanceEvent"/>.
/// </remarks>
public sealed class ZcrxRebalancer
{
    private ZcrxRebalancer()
    {
    }
}
