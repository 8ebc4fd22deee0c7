using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Spectre.Console;
using Zcrx.Chaos.Soak;
using Zcrx.Interop;
using Zcrx.Interop.Kernel;
using Zcrx.Rx;

namespace Zcrx.Chaos.Recovery;

/// <summary>How long a stream stands still when its ring dies, under supervision; next to what a ring and a registration cost by themselves.</summary>
internal static class RecoveryBenchmark
{
    public static async Task<int> RunAsync(ChaosOptions options, int kills)
    {
        Distribution recoveries = new("ring's death to the next byte", await RecoverAsync(options, kills).ConfigureAwait(false));
        List<TimeSpan> rings = [];
        List<TimeSpan> registrations = [];
        SetUp(options, kills, rings, registrations);
        Distribution both = new("ring and registration alone", [.. rings.Zip(registrations, static (ring, registration) => ring + registration)]);
        Distribution[] rows = [recoveries, new("ring set up", rings), new("queue registered, 4 MiB", registrations), both];
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
        AnsiConsole.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{kills} kills, engine {options.Engine}; the median of ring and registration alone is {Share(both, recoveries):p0} of that of a recovery, without the supervisor's delay"));
        return 0;
    }

    private static double Share(Distribution part, Distribution whole) => part.At(0.5) / whole.At(0.5);

    private static string Text(TimeSpan time) => time.TotalMicroseconds.ToString("n0", CultureInfo.InvariantCulture);

    private static async Task<List<TimeSpan>> RecoverAsync(ChaosOptions options, int kills)
    {
        FirstByte observer = new();
        List<TimeSpan> times = [];
        ChaosHost host = await ChaosHost.StartAsync(options with { Queues = 1, RestartDelay = TimeSpan.Zero }, connection => connection.Buffers.Subscribe(observer), $"{options.Address}:0").ConfigureAwait(false);
        await using (host.ConfigureAwait(false))
        {
            using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Parse(options.Address), host.EndPoint.Port)).ConfigureAwait(false);
            byte[] one = new byte[1];
            for (int i = 0; i <= kills; i++)
            {
                await socket.SendAsync(one).ConfigureAwait(false);
                await observer.NextAsync().WaitAsync(options.Patience).ConfigureAwait(false);
                QueueDeath death = QueueDeath.Of(host.Queues[0].Slot);
                long start = Stopwatch.GetTimestamp();
                death.Kill();
                await death.Ended.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                // Not before: what had come by then is still received by the ring that dies. It waits in the socket until somebody receives again.
                await socket.SendAsync(one).ConfigureAwait(false);
                long came = await observer.NextAsync().WaitAsync(options.Patience).ConfigureAwait(false);
                // The first one compiles what it needs.
                if (i > 0)
                {
                    times.Add(Stopwatch.GetElapsedTime(start, came));
                }
            }

            await host.StopAsync().ConfigureAwait(false);
        }

        return times;
    }

    private static void SetUp(ChaosOptions options, int times, List<TimeSpan> rings, List<TimeSpan> registrations)
    {
        IIoUringKernel kernel = options.Engine == ZcrxEngine.Emulated ? new EmulatedKernel() : new LinuxKernel();
        ZcrxCapabilities capabilities = ZcrxCapabilities.Query(kernel);
        for (int i = 0; i <= times; i++)
        {
            long start = Stopwatch.GetTimestamp();
            using IoRing ring = IoRing.Create(kernel, new IoRingOptions { SubmissionEntries = 512, CompletionEntries = 4096 });
            long made = Stopwatch.GetTimestamp();
            using InterfaceQueue queue = InterfaceQueue.Register(
                ring,
                new InterfaceQueueOptions { AreaSize = 4 << 20, Interface = options.Engine == ZcrxEngine.Nic ? options.Interface : null, RxQueue = (uint)options.RxQueue },
                capabilities);
            long registered = Stopwatch.GetTimestamp();
            ring.Dispose();
            if (i > 0)
            {
                rings.Add(Stopwatch.GetElapsedTime(start, made));
                registrations.Add(Stopwatch.GetElapsedTime(made, registered));
            }
        }
    }
}
