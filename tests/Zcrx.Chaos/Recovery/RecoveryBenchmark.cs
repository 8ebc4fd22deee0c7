using System.Diagnostics;
using System.Globalization;
using System.Net;
using Spectre.Console;
using Zcrx.Chaos.Soak;
using Zcrx.Chaos.Support;
using Zcrx.Interop;
using Zcrx.Interop.Kernel;
using Zcrx.Rx;

namespace Zcrx.Chaos.Recovery;

/// <summary>
/// Measures how long a stream stops when its ring fails and the supervisor opens another one. Compares this with the cost of a ring and a
/// registration alone.
/// </summary>
internal static class RecoveryBenchmark
{
    public static async Task<int> RunAsync(ChaosOptions options, int kills)
    {
        ISocketSource sockets = ISocketSource.Of(options.SenderNamespace);
        (List<TimeSpan> times, List<TimeSpan> ends, int replaced) = await RecoverAsync(options, sockets, kills).ConfigureAwait(false);
        Distribution recoveries = new("ring's death to the next byte", times);
        List<TimeSpan> rings = [];
        List<TimeSpan> registrations = [];
        List<TimeSpan> freed = [];
        await SetUpAsync(options, kills, rings, registrations, freed).ConfigureAwait(false);
        Distribution both = new("ring and registration alone", [.. rings.Zip(registrations, static (ring, registration) => ring + registration)]);
        List<Distribution> rows = [recoveries, new("… of it until the old queue is closed", ends), new("ring set up", rings), new("queue registered, 4 MiB", registrations), both];
        if (options.Engine == ZcrxEngine.Nic)
        {
            rows.Add(new Distribution("ring closed to RX queue free", freed));
        }

        Table table = new Table().Border(TableBorder.Simple).AddColumn("µs");
        foreach (string column in (string[])["min", "median", "p90", "p99", "max"])
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        foreach (Distribution row in rows)
        {
            table.AddRow(row.Name, Text(row.At(0)), Text(row.At(0.5)), Text(row.At(0.9)), Text(row.At(0.99)), Text(row.At(1)));
        }

        AnsiConsole.Write(table);
        AnsiConsole.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{kills} kills, engine {options.Engine}; the median of ring and registration alone is {Share(both, recoveries):p0} of that of a recovery, without the supervisor's delay; streams that broke and were replaced: {replaced}"));
        return 0;
    }

    private static double Share(Distribution part, Distribution whole) => part.At(0.5) / whole.At(0.5);

    private static string Text(TimeSpan time) => time.TotalMicroseconds.ToString("n0", CultureInfo.InvariantCulture);

    private static async Task<(List<TimeSpan> Times, List<TimeSpan> Ends, int Replaced)> RecoverAsync(ChaosOptions options, ISocketSource sockets, int kills)
    {
        FirstByte observer = new();
        List<TimeSpan> times = [];
        List<TimeSpan> ends = [];
        ChaosHost host = await ChaosHost.StartAsync(options with { Queues = 1, RestartDelay = TimeSpan.Zero }, connection => connection.Buffers.Subscribe(observer), $"{options.Address}:0").ConfigureAwait(false);
        await using (host.ConfigureAwait(false))
        {
            RecoverySender sender = new(sockets, new IPEndPoint(IPAddress.Parse(options.Address), host.EndPoint.Port), observer, options.Patience);
            using (sender)
            {
                await sender.SendUntilReceivedAsync().ConfigureAwait(false);
                for (int i = 0; i <= kills; i++)
                {
                    QueueDeath death = QueueDeath.Of(host.Queues[0].Now);
                    long start = Stopwatch.GetTimestamp();
                    death.Kill();
                    await death.Ended.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    TimeSpan end = Stopwatch.GetElapsedTime(start);
                    // Sends the byte only after the ring has ended, because a failing ring still receives what has arrived. The byte then
                    // waits in the socket for the next ring.
                    long came = await sender.SendUntilReceivedAsync().ConfigureAwait(false);
                    // The first failure is not counted, because the JIT compiler runs during it.
                    if (i > 0)
                    {
                        times.Add(Stopwatch.GetElapsedTime(start, came));
                        ends.Add(end);
                    }
                }
            }

            await host.StopAsync().ConfigureAwait(false);
            return (times, ends, sender.Replaced);
        }
    }

    private static async Task SetUpAsync(ChaosOptions options, int times, List<TimeSpan> rings, List<TimeSpan> registrations, List<TimeSpan> freed)
    {
        IIoUringKernel kernel = options.Engine switch
        {
            ZcrxEngine.Emulated => new EmulatedKernel(),
            ZcrxEngine.IoUring => new MultishotKernel(),
            _ => new LinuxKernel(),
        };
        ZcrxCapabilities capabilities = ZcrxCapabilities.Query(kernel);
        InterfaceQueueOptions queueOptions = new() { AreaSize = 4 << 20, Interface = options.Engine == ZcrxEngine.Nic ? options.Interface : null, RxQueue = (uint)options.RxQueue };
        long closed = 0;
        while (rings.Count < times)
        {
            long start = Stopwatch.GetTimestamp();
            using IoRing ring = IoRing.Create(kernel, new IoRingOptions { SubmissionEntries = 512, CompletionEntries = 4096 });
            long made = Stopwatch.GetTimestamp();
            InterfaceQueue? queue = TryRegister(ring, queueOptions, capabilities);
            long registered = Stopwatch.GetTimestamp();
            ring.Dispose();
            if (queue is null)
            {
                // The kernel destroys the previous ring in the background. Until then, that ring owns the RX queue of the NIC.
                await Task.Delay(1).ConfigureAwait(false);
                continue;
            }

            queue.Dispose();
            // The first round is not counted, because the JIT compiler runs during it.
            if (closed > 0)
            {
                rings.Add(Stopwatch.GetElapsedTime(start, made));
                registrations.Add(Stopwatch.GetElapsedTime(made, registered));
                freed.Add(Stopwatch.GetElapsedTime(closed, start));
            }

            closed = Stopwatch.GetTimestamp();
        }
    }

    private static InterfaceQueue? TryRegister(IoRing ring, InterfaceQueueOptions options, ZcrxCapabilities capabilities)
    {
        try
        {
            return InterfaceQueue.Register(ring, options, capabilities);
        }
        catch (ZcrxQueueBusyException)
        {
            return null;
        }
    }
}
