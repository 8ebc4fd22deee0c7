using System.CommandLine;
using System.Net;
using Ingest.Demo;
using Ingest.Display;
using Ingest.Values;
using Zcrx.Rx;

namespace Ingest.Commands;

/// <summary>The verb `demo`.</summary>
internal static class DemoCommand
{
    public const string Notes =
        """
        Shows connections and queues while it runs, and ends with a verdict: exit code 0 when every stream is intact, else 1.

        Examples:
          Ingest demo
          Ingest demo --connections 64 --volume 1MiB --engine emulated
          Ingest demo --queues 2 --area 256MiB
        """;

    public static Command Create()
    {
        Option<int> connections = ValueOption.Create("--connections", "N", "Connections, all at once.", 8, Number.Between(1, 10_000));
        Option<ByteSize> volume = ValueOption.Create("--volume", "SIZE", "Bytes per connection.", 128.MiB(), SizeText.Between(default, 1024.GiB()));
        Option<int> seed = ValueOption.Create("--seed", "N", "Seed of the bytes: the same seed, the same bytes.", 1, Number.Between(0, int.MaxValue));
        Option<Duration> stall = ValueOption.Create(
            "--stall-after", "TIME", "Give up when nothing arrives for this long.", Duration.Seconds(15), DurationText.AtLeast(TimeSpan.FromMilliseconds(100)));
        ReceiveOption receive = new();
        Command command = new(
            "demo",
            "Receives pseudo-random streams from a second process over loopback, and compares every byte by SHA-256 with what was sent.")
        {
            connections,
            volume,
            seed,
            stall,
        };
        receive.AddTo(command);
        command.SetAction(async (parsed, _) =>
        {
            DemoOptions options = new(
                parsed.GetValue(connections),
                parsed.GetValue(volume).Bytes,
                parsed.GetValue(seed),
                receive.Read(parsed, new IPEndPoint(IPAddress.Loopback, 0), TimeSpan.FromSeconds(5)),
                parsed.GetValue(stall).Time);
            return await new DemoRun(options, Terminal.ForDemo(), Console.Out).RunAsync();
        });
        return command;
    }
}
