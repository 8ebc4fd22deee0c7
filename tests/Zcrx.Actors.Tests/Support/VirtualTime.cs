using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Zcrx.Actors.Tests.Support;

/// <summary>Contains an actor system and a clock for a host. Their time passes only when a test advances it.</summary>
internal sealed class VirtualTime : IDisposable
{
    private readonly FakeTimeProvider _clock = new();
    private readonly ActorSystem _system = ActorSystem.Create("virtual", TestKitConfig.VirtualScheduler.WithFallback(TestKitConfig.Strict).WithFallback("akka { loglevel = OFF, stdout-loglevel = OFF }"));

    /// <summary>Adds the actor system and the clock to the services of a host.</summary>
    public void AddTo(IServiceCollection services) => services.AddSingleton(_system).AddSingleton<TimeProvider>(_clock);

    /// <summary>Advances the clock, then fires the timers that are due.</summary>
    /// <remarks>
    /// An actor may set a timer while it handles a message. The test must wait for the actor's answer to a later message before it advances
    /// the time. Otherwise the timer may not exist yet.
    /// </remarks>
    public void Advance(TimeSpan by)
    {
        _clock.Advance(by);
        ((TestScheduler)_system.Scheduler).Advance(by);
    }

    public void Dispose() => _system.Dispose();
}
