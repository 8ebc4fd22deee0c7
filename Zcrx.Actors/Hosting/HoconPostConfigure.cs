using Akka.Actor;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Zcrx.Actors.Hosting;

/// <summary>Gives options the defaults of the actor system in which they will be used, before they are checked. So what HOCON says wrong is reported with all other errors.</summary>
/// <remarks>The actor system may come into being by this: it is a lazy singleton, which is not started by being asked for.</remarks>
internal sealed class HoconPostConfigure(IServiceProvider services) : IPostConfigureOptions<ZcrxOptions>
{
    public void PostConfigure(string? name, ZcrxOptions options) => options.UseDefaultsOf(services.GetService<ActorSystem>());
}
