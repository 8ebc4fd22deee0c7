using Zcrx.Actors;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Telemetry;

/// <summary>
/// Provides an emulated network interface with two queues, to demonstrate telemetry without hardware. Enabled by <c>DemoNic=true</c>.
/// </summary>
internal sealed class DemoNic
{
    private const int OurQueues = 2;
    private const int UnmanagedQueue = 3;

    private readonly Lock _gate = new();
    private readonly EmulatedNic _nic = new(new EmulatedNicOptions { RxQueues = 4 });
    private readonly Dictionary<string, EmulatedFaultPlan> _faults = new(StringComparer.Ordinal);
    // Created once, because every reload of the configuration must add the same queues.
    private readonly ZcrxQueueOptions[] _queues;
    private int? _rule;

    private DemoNic()
    {
        SpreadOverOurs();
        _queues =
        [
            .. Enumerable.Range(0, OurQueues).Select(queue =>
            {
                string name = $"{_nic.Name}-{queue}";
                EmulatedFaultPlan faults = _faults[name] = new EmulatedFaultPlan();
                return new ZcrxQueueOptions
                {
                    Name = name, Engine = ZcrxEngine.Emulated, Interface = _nic.Name, RxQueue = queue, AreaSize = 4.MiB(), Emulation = new EmulatedKernelOptions { Nics = [_nic], Faults = faults },
                };
            }),
        ];
    }

    /// <summary>Returns the interface if the configuration enables it; otherwise null.</summary>
    public static DemoNic? From(IConfiguration configuration) => configuration.GetValue<bool>("DemoNic") ? new DemoNic() : null;

    /// <summary>Adds the queues of the interface to the configured queues.</summary>
    public void AddTo(ZcrxOptions options) => Array.ForEach(_queues, options.Queues.Add);

    /// <summary>Maps endpoints that break and repair the interface and its queues.</summary>
    /// <param name="routes">The routes of the application.</param>
    /// <param name="carriesHttp">Whether requests arrive on the queues of the interface.</param>
    public void Map(IEndpointRouteBuilder routes, bool carriesHttp)
    {
        // Index 0 is the configured listener, which is bound before the ports of Kestrel.
        routes.MapPost("/storm", (IZcrx zcrx) => BeginStorm(zcrx.EndPoints[0].Port));
        routes.MapDelete("/storm", EndStorm);
        routes.MapPost("/queues/{name}/crash", Crash);
        routes.MapDelete("/interface", () =>
        {
            if (carriesHttp)
            {
                return Results.Conflict($"Requests arrive on {_nic.Name}, so nothing could restore it. Start with --HttpOverZcrx=false.");
            }

            _nic.Remove();
            return Results.Ok();
        });
        routes.MapPost("/interface", () =>
        {
            _nic.Restore();
            SpreadOverOurs();
        });
    }

    /// <summary>Starts a copy storm: packets of the port arrive on an unmanaged RX queue and must be copied.</summary>
    private void BeginStorm(int port)
    {
        lock (_gate)
        {
            _rule ??= _nic.AddRule(new FlowRule(UnmanagedQueue, LocalPort: port));
        }
    }

    private IResult EndStorm()
    {
        lock (_gate)
        {
            bool removed = _rule is { } rule && _nic.RemoveRule(rule);
            _rule = null;
            return removed ? Results.Ok() : Results.NotFound("There is no storm.");
        }
    }

    /// <summary>Breaks the ring of a queue, so that the queue fails and is restarted.</summary>
    private IResult Crash(string name)
    {
        if (!_faults.TryGetValue(name, out EmulatedFaultPlan? faults))
        {
            return Results.NotFound($"There is no queue {name} on {_nic.Name}.");
        }

        faults.BreakRings(1);
        return Results.Ok();
    }

    /// <summary>Distributes the RSS table over the managed queues only.</summary>
    private void SpreadOverOurs() => _nic.RssTable = [.. _nic.RssTable.Select(static (_, bucket) => bucket % OurQueues)];
}
