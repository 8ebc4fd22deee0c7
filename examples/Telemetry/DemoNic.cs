using Zcrx.Actors;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Telemetry;

/// <summary>An emulated network interface, so that there is something to be seen without hardware: with <c>DemoNic=true</c>.</summary>
internal static class DemoNic
{
    private const int OurQueue = 0;
    private const int NobodysQueue = 3;

    private static readonly Lock Gate = new();
    private static EmulatedNic? _nic;
    private static int? _rule;

    /// <summary>Adds the interface's first RX queue to what is configured, if that is wanted.</summary>
    public static Action<ZcrxOptions> AddTo(IConfiguration configuration)
    {
        if (!configuration.GetValue<bool>("DemoNic"))
        {
            return static _ => { };
        }

        EmulatedNic nic = new(new EmulatedNicOptions { RxQueues = 4 });
        // Everything arrives where it is received.
        nic.RssTable = [.. Enumerable.Repeat(OurQueue, nic.RssTable.Count)];
        _nic = nic;
        EmulatedKernelOptions emulation = new() { Nics = [nic] };
        return options => options.Queues.Add(new ZcrxQueueOptions
        {
            Name = $"{nic.Name}-{OurQueue}", Engine = ZcrxEngine.Emulated, Interface = nic.Name, RxQueue = OurQueue, AreaSize = 4.MiB(), Emulation = emulation,
        });
    }

    /// <summary>A copy storm: packets of the port arrive on an RX queue that is nobody's, and have to be copied.</summary>
    public static IResult BeginStorm(int port)
    {
        if (_nic is not { } nic)
        {
            return Results.NotFound("There is no emulated interface; start with DemoNic=true.");
        }

        lock (Gate)
        {
            _rule ??= nic.AddRule(new FlowRule(NobodysQueue, LocalPort: port));
        }

        return Results.Ok();
    }

    public static IResult EndStorm()
    {
        lock (Gate)
        {
            bool removed = _rule is { } rule && _nic!.RemoveRule(rule);
            _rule = null;
            return removed ? Results.Ok() : Results.NotFound("There is no storm.");
        }
    }
}
