using Akka.Cluster.Hosting;
using Akka.Cluster.Hosting.SBR;
using Akka.Hosting;
using Akka.Remote.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ClusterIngest;

/// <summary>Creates the hosts of the edge and the workers, with the settings that both have in common.</summary>
internal static class NodeHost
{
    public const string System = "ingest";
    public const string Region = "frames";
    public const string WorkerRole = "worker";
    public const string EdgeRole = "edge";

    // The failure detector notices a fault after 2 s, so that the demo is short. In production, use the defaults (docs/cluster.md).
    private const string Quick = """
        akka {
          stdout-loglevel = OFF
          cluster {
            gossip-interval = 200ms
            leader-actions-interval = 200ms
            failure-detector { heartbeat-interval = 500ms, acceptable-heartbeat-pause = 2s }
            sharding { retry-interval = 500ms, rebalance-interval = 1s }
            distributed-data { gossip-interval = 200ms, notify-subscribers-interval = 100ms }
          }
        }
        """;

    public static IHost Build(string role, NodeOptions options, string? join, Action<IServiceCollection> services, Action<AkkaConfigurationBuilder> configure)
    {
        HostApplicationBuilder builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders().AddSimpleConsole().SetMinimumLevel(LogLevel.Warning);
        builder.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(static options => options.LogToStandardErrorThreshold = LogLevel.Trace);
        services(builder.Services);
        builder.Services.AddAkka(System, akka =>
        {
            akka.AddHocon(Quick, HoconAddMode.Prepend)
                .AddHocon($"akka.cluster.split-brain-resolver.stable-after = {(int)options.StableAfter.TotalMilliseconds}ms", HoconAddMode.Prepend)
                .ConfigureLoggers(static logging =>
                {
                    logging.ClearLoggers().AddLoggerFactory();
                    logging.LogLevel = Akka.Event.LogLevel.WarningLevel;
                })
                .WithRemoting(options.Address, 0)
                .WithClustering(new ClusterOptions
                {
                    Roles = [role],
                    SeedNodes = join is null ? [] : [join],
                    SplitBrainResolver = new KeepMajorityOption(),
                });
            configure(akka);
        });
        return builder.Build();
    }
}
