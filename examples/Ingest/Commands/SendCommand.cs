using System.CommandLine;
using System.Net;
using Ingest.Sending;
using Ingest.Values;
using Zcrx.Rx;

namespace Ingest.Commands;

/// <summary>Defines the command `send`.</summary>
internal static class SendCommand
{
    public const string Notes =
        """
        A stream counts as sent when the receiver has closed its end too. Exit code 0 when all were sent, else 1.

        Examples:
          Ingest send --to 127.0.0.1:9000 --connections 8 --volume 128MiB
          Ingest send --to example.org:9000 --file disk.img
        """;

    public static Command Create()
    {
        Option<EndPoint> to = ValueOption.Create<EndPoint>("--to", "HOST:PORT", "The receiver.", required: true, EndPointText.ReadRemote);
        Option<int> connections = ValueOption.Create("--connections", "N", "Connections, all at once.", 1, Number.Between(1, 10_000));
        Option<ByteSize> volume = ValueOption.Create("--volume", "SIZE", "Bytes per connection.", 128.MiB(), SizeText.Between(default, 1024.GiB()));
        Option<int> seed = ValueOption.Create("--seed", "N", "Seed of the bytes. The same seed gives the same bytes.", 1, Number.Between(0, int.MaxValue));
        Option<string?> file = ValueOption.Create<string?>("--file", "PATH", "Send this file on every connection, instead of --volume bytes.", required: false, ReadPath);
        Option<ByteSize?> pace = ValueOption.Create<ByteSize?>("--pace", "SIZE", "Bytes per second of each connection at most.", required: false, SizeText.Optional(new ByteSize(1), 1024.GiB()));
        Option<bool> untilEof = new("--until-eof") { Description = "End the streams at their current position when standard input ends." };
        Command command = new(
            "send",
            "Sends pseudo-random streams, or a file, to any TCP receiver, and prints the SHA-256 of the bytes that each connection has sent.")
        {
            to,
            connections,
            volume,
            seed,
            file,
            pace,
            untilEof,
        };
        command.SetAction(async (parsed, _) =>
        {
            SendPlan plan = new(
                parsed.GetRequiredValue(to), parsed.GetValue(connections), parsed.GetValue(volume).Bytes, parsed.GetValue(seed), parsed.GetValue(file), parsed.GetValue(pace)?.Bytes);
            using Interruption interruption = new();
            using CancellationTokenSource ending = new();
            if (parsed.GetValue(untilEof))
            {
                EndWithInput(ending);
            }

            return await Sender.RunAsync(plan, Console.Out, ending.Token, interruption.Token);
        });
        return command;
    }

    private static void EndWithInput(CancellationTokenSource ending) => _ = EndWithInputAsync(ending);

    private static async Task EndWithInputAsync(CancellationTokenSource ending)
    {
        using Stream input = Console.OpenStandardInput();
        await input.CopyToAsync(Stream.Null);
        try
        {
            await ending.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // All streams ended before the input did, so there is nothing to end.
        }
    }

    private static string? ReadPath(string text, out string? value)
    {
        value = text;
        return File.Exists(text) ? null : "a file";
    }
}
