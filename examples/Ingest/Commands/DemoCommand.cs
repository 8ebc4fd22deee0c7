using System.CommandLine;
using System.Net;
using Ingest.Demo;
using Ingest.Display;
using Ingest.Serving;
using Ingest.Values;
using Zcrx.Rx;

namespace Ingest.Commands;

/// <summary>Defines the command `demo`.</summary>
internal static class DemoCommand
{
    public const string Notes =
        """
        Shows connections and queues while it runs, and ends with a verdict: exit code 0 when every stream is intact, else 1.

        Examples:
          Ingest demo
          Ingest demo --connections 64 --volume 1MiB --engine emulated
          Ingest demo --queues 2 --area 256MiB
          Ingest demo --slow                 # watch an exhausted pool slow the sender down
          Ingest demo --storm                # scramble the RSS table, and watch the rebalancer react
          Ingest demo --engine nic --interface eth0 --queue 1 --sender-netns far
        """;

    // The defaults of --slow. The consumers are slower than the senders, and the pool has only 64 buffers, so it is exhausted for some
    // seconds.
    private const long SlowPace = 1024 * 1024;
    private static readonly ByteSize SlowVolume = 4.MiB();
    private static readonly ByteSize SlowArea = new(64L * Environment.SystemPageSize);

    // The defaults of --storm. The volume is large enough that the streams outlast the storm.
    private const int StormConnections = 64;
    private const long StormPace = 1024 * 1024;
    private static readonly ByteSize StormVolume = 64.MiB();
    private static readonly ByteSize StormArea = 16.MiB();

    // The shortest time of traffic in seconds for --storm. The storm begins after some seconds, and ends some seconds later.
    private const long LeastStorm = 15;

    public static Command Create()
    {
        Option<int> connections = ValueOption.Create("--connections", "N", "Connections, all at once.", 8, Number.Between(1, 10_000));
        Option<ByteSize> volume = ValueOption.Create("--volume", "SIZE", "Bytes per connection.", 128.MiB(), SizeText.Between(default, 1024.GiB()));
        Option<int> seed = ValueOption.Create("--seed", "N", "Seed of the bytes. The same seed gives the same bytes.", 1, Number.Between(0, int.MaxValue));
        Option<Duration> stall = ValueOption.Create(
            "--stall-after", "TIME", "Give up when nothing arrives for this long.", Duration.Seconds(15), DurationText.AtLeast(TimeSpan.FromMilliseconds(100)));
        Option<bool> slow = new("--slow")
        {
            Description = "Consume only 1MiB/s of each stream, from a pool of 64 buffers, 4MiB per connection unless --area and --volume say otherwise: shows backpressure.",
        };
        Option<bool> storm = new("--storm")
        {
            Description = "Scramble the NIC's RSS table while streams run, and rebalance. With an emulated NIC of 8 RX queues, 4 of them ours, 64 connections at 1MiB/s each, unless other options say otherwise. Ends when the storm and its remedies were observed, or after --volume.",
        };
        Option<StormRemedies> forbid = ValueOption.Create<StormRemedies>(
            "--forbid", "moves|steering|both", "With --storm: the remedies that rebalancing must not use.", required: false, StormText.Read);
        Option<ByteSize?> pace = ValueOption.Create<ByteSize?>("--pace", "SIZE", "Bytes per second that each stream is sent at, at most.", required: false, SizeText.Optional(new ByteSize(1), 1024.GiB()));
        Option<string?> senderNamespace = ValueOption.Create<string?>(
            "--sender-netns", "NAME", "Network namespace in which the sender runs. The streams then arrive at the address of --interface instead of over loopback.", required: false, NamespaceText.Read);
        ReceiveOption receive = new();
        Command command = new(
            "demo",
            "Receives pseudo-random streams from a second process, and compares every byte by SHA-256 with what was sent.")
        {
            connections,
            volume,
            seed,
            stall,
            slow,
            storm,
            forbid,
            pace,
            senderNamespace,
        };
        receive.AddTo(command);
        command.SetAction(async (parsed, _) =>
        {
            bool isSlow = parsed.GetValue(slow);
            bool isStorm = parsed.GetValue(storm);
            if (!isStorm && parsed.GetResult(forbid) is { Implicit: false })
            {
                throw new UsageException("--forbid names the remedies that rebalancing must not use during a storm: it needs --storm.");
            }

            if (isSlow && isStorm)
            {
                throw new UsageException("--slow shows backpressure and --storm shows rebalancing: choose one.");
            }

            ByteSize bytes = parsed.GetResult(volume) is { Implicit: false } ? parsed.GetValue(volume) : isStorm ? StormVolume : isSlow ? SlowVolume : parsed.GetValue(volume);
            long? senderPace = parsed.GetValue(pace)?.Bytes ?? (isStorm ? StormPace : null);
            if (isStorm && bytes.Bytes / senderPace < LeastStorm)
            {
                throw new UsageException($"--storm needs {LeastStorm} seconds of traffic: {bytes} at {new ByteSize(senderPace!.Value)} a second is less; raise --volume or lower --pace.");
            }

            string? sender = parsed.GetValue(senderNamespace);
            ReceiveOptions receiving = receive.Read(
                parsed, new IPEndPoint(sender is null ? IPAddress.Loopback : receive.ReadAddress(parsed), 0), TimeSpan.FromSeconds(5), isSlow ? SlowArea : isStorm ? StormArea : null);
            StormOptions? making = isStorm ? StormOptions.For(receiving, parsed.GetValue(forbid), parsed.GetValue(seed)) : null;
            DemoOptions options = new(
                isStorm && parsed.GetResult(connections) is not { Implicit: false } ? StormConnections : parsed.GetValue(connections),
                bytes.Bytes,
                parsed.GetValue(seed),
                making?.Receive ?? receiving,
                parsed.GetValue(stall).Time,
                isSlow ? SlowPace : null,
                sender,
                senderPace,
                making);
            return await new DemoRun(options, Terminal.ForDemo(), Console.Out).RunAsync();
        });
        return command;
    }
}
