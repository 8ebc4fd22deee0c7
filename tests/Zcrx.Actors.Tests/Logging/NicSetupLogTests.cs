using System.Collections.Concurrent;
using Zcrx.Actors.Tests.Support;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Logging;

/// <summary>Tests the log messages about changes of interfaces and about their restoration.</summary>
public class NicSetupLogTests
{
    [Fact]
    public async Task Setting_up_and_restoring_an_interface_is_logged()
    {
        EmulatedNic nic = new(new EmulatedNicOptions { HeaderDataSplit = false, HdsThreshold = 100 });
        ConcurrentQueue<string> reports = new();
        LogRecorder log;
        await using (var host = await TestHost.StartAsync(zcrx => zcrx
            .AddQueue(new ZcrxQueueOptions
            {
                Name = "rx1", Engine = ZcrxEngine.Emulated, Interface = nic.Name, RxQueue = 1, AreaSize = 1.MiB(), ConfigureNic = true, NicReport = reports.Enqueue,
                Emulation = new EmulatedKernelOptions { Nics = [nic] },
            })
            .Listen("127.0.0.1:0", static _ => null!)))
        {
            log = host.Log;
            int port = host.Zcrx.EndPoints[0].Port;
            // The start ends when the port is bound. The queue accepts on the port a little later.
            await host.Kit.AwaitConditionAsync(() => Rules() == 1, "the flow rule is there");
            Assert.Equal(
                [
                    "Interface enic0: tcp-data-split on hds-thresh 0 (was tcp-data-split off hds-thresh 100).",
                    "Interface enic0: RSS: 128 buckets, queue 0: 43, queue 2: 43, queue 3: 42 (was 128 buckets, queue 0: 32, queue 1: 32, queue 2: 32, queue 3: 32).",
                    $"Interface enic0: flow-type tcp4 dst-port {port} action 1.",
                ],
                Logged());

            // The next opening sets up the interface again. NicReport is a new delegate each time, which must
            // not count as a changed option.
            await host.RestartAsync("rx1", registerAnew: true);
            Assert.Equal(1, Assert.Single((await host.Zcrx.GetStatusAsync()).Queues).Restarts);
            await host.Kit.AwaitConditionAsync(() => Rules() == 2, "the flow rule is there again");
            Assert.False(host.Log.Has(1008));
        }

        Assert.Contains(Logged(), static text => text.StartsWith("Interface enic0: flow rule ", StringComparison.Ordinal) && text.EndsWith(" removed.", StringComparison.Ordinal));
        Assert.Contains("Interface enic0: restored tcp-data-split off hds-thresh 100.", Logged());
        Assert.Equal(Logged(), reports.Select(static text => $"Interface {text}."));

        int Rules() => Logged().Count(static text => text.Contains("flow-type", StringComparison.Ordinal));

        string[] Logged() => [.. log.Entries.Where(static entry => entry.EventId == 1107).Select(static entry => entry.Message)];
    }
}
