using Akka.Actor;
using Akka.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Zcrx.Actors.Hosting;
using Zcrx.Actors.Options;
using Zcrx.Actors.Tests.Support;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Hosting;

/// <summary>Tests the settings in the configuration of the actor system, and their precedence.</summary>
public class HoconTests
{
    private const string Pinned = "pinned { type = ForkJoinDispatcher, throughput = 10, dedicated-thread-pool { thread-count = 1 } }";

    [Fact]
    public void The_reference_holds_the_defaults_that_the_options_document()
    {
        ZcrxOptions options = new();

        Assert.Equal(("zcrx", "", TimeSpan.FromSeconds(10)), (options.ActorName, options.Dispatcher, options.DrainTimeout));
        Assert.Equal(
            (TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(30), 0.2, 10, TimeSpan.FromMinutes(5)),
            (options.Restart.MinBackoff, options.Restart.MaxBackoff, options.Restart.RandomFactor, options.Restart.MaxRestarts, options.Restart.Within));
        Assert.Empty(options.Validate());
    }

    [Fact]
    public async Task The_name_of_hocon_wins_over_the_reference()
    {
        using var system = TestKitConfig.CreateSystem("ours", "zcrx.actor-name = receiver");
        await using var host = await StartAsync(system);

        Assert.Equal("akka://ours/user/receiver", host.Zcrx.Supervisor.Path.ToString());
    }

    [Fact]
    public async Task Names_and_dispatcher_can_be_set_in_the_options()
    {
        using var system = TestKitConfig.CreateSystem("ours", $"zcrx.actor-name = theirs\n{Pinned}");
        await using var host = await StartAsync(system, static zcrx => zcrx.Configure(static options =>
        {
            options.ActorName = "mine";
            options.Dispatcher = "pinned";
        }));

        Assert.Equal("akka://ours/user/mine", host.Zcrx.Supervisor.Path.ToString());
        Assert.Equal(["pinned", "pinned", "pinned"], await DispatchersAsync(host));
    }

    [Fact]
    public async Task The_dispatcher_of_hocon_is_that_of_all_actors_and_a_deployment_wins_over_it()
    {
        using var system = TestKitConfig.CreateSystem("ours", $$"""
            zcrx.dispatcher = pinned
            {{Pinned}}
            other { type = TaskDispatcher }
            akka.actor.deployment { /zcrx/queue-0 { dispatcher = other } }
            """);
        await using var host = await StartAsync(system);

        Assert.Equal(["pinned", "other", "pinned"], await DispatchersAsync(host));
    }

    [Fact]
    public async Task Invalid_hocon_is_reported_with_all_invalid_options_before_anything_is_opened()
    {
        using var system = TestKitConfig.CreateSystem("ours", """zcrx { actor-nam = x, actor-name = "a b", dispatcher = none, drain-timeout = 3s, restart.max-restarts = 4 }""");
        await using var host = TestHost.Build(static zcrx => zcrx.Configure(static options => options.Engine = (ZcrxEngine)9), services => services.AddSingleton(system));

        var error = await Assert.ThrowsAsync<OptionsValidationException>(host.StartAsync);

        Assert.Equal(
            ["Zcrx:ActorName", "Zcrx:Engine", "Zcrx:Queues:0:Engine", "zcrx.actor-nam", "zcrx.dispatcher", "zcrx.drain-timeout", "zcrx.restart"],
            error.Failures.Select(failure => failure[..failure.IndexOf(": ", StringComparison.Ordinal)]).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("zcrx = 5", "zcrx: expected a section with actor-name and dispatcher")]
    [InlineData("zcrx = [1]", "zcrx: expected a section with actor-name and dispatcher")]
    [InlineData("zcrx.dispatcher = { a = 1 }", "zcrx.dispatcher: expected a text")]
    [InlineData("zcrx.actor-name = [a]", "zcrx.actor-name: expected a text")]
    public async Task Hocon_of_the_wrong_kind_is_reported_with_all_invalid_options(string hocon, string message)
    {
        using var system = TestKitConfig.CreateSystem("ours", hocon);
        await using var host = TestHost.Build(static zcrx => zcrx.DrainTimeout(TimeSpan.MinValue), services => services.AddSingleton(system));

        var error = await Assert.ThrowsAsync<OptionsValidationException>(host.StartAsync);

        Assert.Contains(message, error.Failures);
        Assert.Contains(error.Failures, failure => failure.StartsWith("Zcrx:DrainTimeout", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_dispatcher_that_does_not_exist_is_an_error_of_the_option_that_names_it()
    {
        await using var host = TestHost.Build(static zcrx => zcrx.Configure(static options => options.Dispatcher = "missing"));

        var error = await Assert.ThrowsAsync<OptionsValidationException>(host.StartAsync);

        Assert.Equal("Zcrx:Dispatcher: the actor system zcrx has no dispatcher 'missing'", Assert.Single(error.Failures));
    }

    [Fact]
    public async Task Without_hosting_the_supervisor_takes_its_dispatcher_from_its_actor_system()
    {
        using var system = TestKitConfig.CreateSystem("plain", $"zcrx.dispatcher = pinned\n{Pinned}");
        using HostKit kit = new(system);
        var probe = kit.CreateTestProbe();
        var supervisor = system.ActorOf(ZcrxSupervisor.Props(new ZcrxOptions { Engine = ZcrxEngine.Emulated }), "receiver");
        await supervisor.Ask<ZcrxStatus>(new ZcrxCommand.WhenStarted()).WithinLimit();

        Assert.Equal("pinned", await DispatcherAsync(system, "/user/receiver/queue-0"));
        await supervisor.Ask<ZcrxStatus>(new ZcrxCommand.Stop(TimeSpan.Zero)).WithinLimit();
        await system.Terminate().WithinLimit();
    }

    [Fact]
    public void An_actor_system_without_settings_uses_the_reference_configuration()
    {
        using var system = TestKitConfig.CreateSystem("silent");
        List<ZcrxConfigurationError> errors = [];

        Assert.Same(HoconDefaults.BuiltIn, HoconDefaults.Of(system, errors));
        Assert.Empty(errors);
    }

    private static Task<TestHost> StartAsync(ActorSystem system, Action<ZcrxBuilder>? configure = null) => TestHost.StartPlainAsync(
        zcrx =>
        {
            zcrx.Listen("127.0.0.1:0", static _ => null!);
            configure?.Invoke(zcrx);
        },
        services => services.AddSingleton(system));

    /// <summary>Returns the dispatchers of the supervisor, the queue and the listener.</summary>
    private static async Task<string[]> DispatchersAsync(TestHost host)
    {
        List<string> dispatchers = [];
        foreach (string path in new[] { "", "/queue-0", "/listener-0" })
        {
            dispatchers.Add(await DispatcherAsync(host.System, $"{host.Zcrx.Supervisor.Path}{path}"));
        }

        return [.. dispatchers];
    }

    private static async Task<string> DispatcherAsync(ActorSystem system, string path)
    {
        IActorRef actor = await system.ActorSelection(path).ResolveOne(Eventually.Limit);
        // Reads the dispatcher from the actor's cell, because only the cell has the props to which Akka has applied the deployment.
        return ((ActorRefWithCell)actor).Underlying is ActorCell cell ? cell.Dispatcher.Id : "not started";
    }
}
