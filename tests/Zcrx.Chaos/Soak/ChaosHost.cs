using System.Net;
using Akka.Actor;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Zcrx.Actors;
using Zcrx.Actors.Hosting;
using Zcrx.Chaos.Faults;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Chaos.Soak;

/// <summary>
/// Represents a host with Zcrx, as a service has. Its delays are short, so that more faults and restarts happen in the same time.
/// </summary>
internal sealed class ChaosHost : IAsyncDisposable
{
    private const int AreaSize = 4 << 20;

    private readonly IHost _host;

    private ChaosHost(IHost host, IReadOnlyList<EmulatedFaultPlan?> plans, IReadOnlyList<EmulatedNic?> nics)
    {
        _host = host;
        Queues = [.. Service.Tree!.Queues.Select((queue, i) => new QueueUnderFire(queue, plans[i], nics[i]))];
    }

    public IReadOnlyList<QueueUnderFire> Queues { get; }

    public IZcrx Zcrx => Service;

    public ActorSystem System => Service.System!;

    public IPEndPoint EndPoint => Zcrx.EndPoints[0];

    /// <summary>Gets the endpoint of the listener whose peers violate its protocol.</summary>
    public IPEndPoint StrangersEndPoint => Zcrx.EndPoints[1];

    private ZcrxService Service => _host.Services.GetRequiredService<ZcrxService>();

    /// <summary>Starts a host.</summary>
    /// <param name="options">The options of the run.</param>
    /// <param name="handler">The handler of the first listener.</param>
    /// <param name="endPoint">The address of the first listener.</param>
    /// <param name="more">Further listeners.</param>
    public static async Task<ChaosHost> StartAsync(ChaosOptions options, Func<ZcrxConnection, IDisposable> handler, string endPoint, params IEnumerable<ZcrxListenerOptions> more)
    {
        List<EmulatedFaultPlan?> plans = [];
        List<EmulatedNic?> nics = [];
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddZcrx(zcrx =>
        {
            for (int i = 0; i < options.Queues; i++)
            {
                bool hasFaultPlan = options.Engine is ZcrxEngine.Emulated or ZcrxEngine.IoUring;
                // Every second queue uses an emulated interface, which the run can remove.
                EmulatedNic? nic = options.Engine == ZcrxEngine.Emulated && i % 2 == 1 ? new EmulatedNic(new EmulatedNicOptions { Name = $"chaos{i}", RxQueues = 1 }) : null;
                EmulatedFaultPlan? plan = hasFaultPlan ? new EmulatedFaultPlan() : null;
                nics.Add(nic);
                plans.Add(plan);
                zcrx.AddQueue(new ZcrxQueueOptions
                {
                    Name = $"queue-{i}",
                    Engine = options.Engine,
                    AreaSize = AreaSize,
                    Interface = options.Engine == ZcrxEngine.Nic ? options.Interface : nic?.Name,
                    RxQueue = options.Engine == ZcrxEngine.Nic ? options.RxQueue + i : 0,
                    BusyTimeout = options.Patience / 2,
                    CheckBorrows = hasFaultPlan,
                    Emulation = new EmulatedKernelOptions { Faults = plan, Nics = nic is null ? [] : [nic] },
                });
            }

            zcrx.Listen(endPoint, handler).Listen($"{options.Address}:0", Strangers.Handle).Configure(zcrx =>
            {
                foreach (ZcrxListenerOptions listener in more)
                {
                    zcrx.Listeners.Add(listener);
                }

                zcrx.Watchdog.StuckAfter = options.StuckAfter;
                zcrx.Restart.MinBackoff = options.RestartDelay;
                zcrx.Restart.MaxBackoff = options.RestartDelay * 10;
                zcrx.Restart.MaxRestarts = int.MaxValue;
                zcrx.Restart.WhenGivenUp = ZcrxEscalation.FallBack;
            });
        });
        IHost host = builder.Build();
        await host.StartAsync().ConfigureAwait(false);
        return new ChaosHost(host, plans, nics);
    }

    public Task StopAsync() => _host.StopAsync();

    public async ValueTask DisposeAsync()
    {
        if (_host is IAsyncDisposable disposable)
        {
            await disposable.DisposeAsync().ConfigureAwait(false);
        }
    }
}
