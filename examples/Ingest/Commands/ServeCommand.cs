using System.CommandLine;
using System.Net;
using Ingest.Serving;
using Ingest.Values;
using Zcrx.Rx;

namespace Ingest.Commands;

/// <summary>Defines the command `serve`.</summary>
internal static class ServeCommand
{
    public const string Notes =
        """
        A file is called TIME_ADDRESS_PORT_NUMBER.bin, with TIME in UTC, and ends with .part until its stream has ended; that
        of a stream that breaks keeps the suffix. A file that cannot be written costs its own connection, which is reset, and
        no other.

        Examples:
          Ingest serve --listen 127.0.0.1:9000                          # counts bytes
          Ingest serve --listen [::]:9000 --out /var/spool/in --drain 30s
          Ingest serve --listen [::]:9000 --takeover /run/ingest/takeover   # twice: the second replaces the first
          Ingest serve --listen 10.0.0.1:9000 --engine nic --interface eth0 --queue 2 --queues 2 --area 256MiB --out in
        """;

    public static Command Create()
    {
        Option<IPEndPoint> listen = ValueOption.Create<IPEndPoint>(
            "--listen", "ADDRESS:PORT", "Where to accept connections: an address of this machine, localhost, or [::] for all of them; port 0 for any free port, which is printed.", required: true, EndPointText.ReadLocal);
        Option<string?> output = ValueOption.Create<string?>(
            "--out", "DIR", "Write each connection's bytes to a file of its own in this directory, which is created if necessary. Without it, bytes are only counted.", required: false, ReadDirectory);
        Option<Duration> drain = ValueOption.Create(
            "--drain", "TIME", "Time limit for delivering received bytes after SIGINT or SIGTERM, such as 500ms, 5s or 2m.", Duration.Seconds(5), DurationText.AtLeast(TimeSpan.Zero));
        Option<string?> takeover = ValueOption.Create<string?>(
            "--takeover", "PATH", "Take over from the process that serves with the same PATH, if there is one, without refusing a connection; and let the next one take over from this process. PATH is a socket in a directory that only this user can write to.", required: false, ReadPath);
        Option<Duration> linger = ValueOption.Create(
            "--linger", "TIME", "With --takeover: how long connections may stay with this process after another one has taken over. This process ends when the last of these connections ends.", Duration.Seconds(3600), DurationText.AtLeast(TimeSpan.Zero));
        ReceiveOption receive = new();
        Command command = new(
            "serve",
            "Receives from any TCP client, one file per connection, until SIGINT or SIGTERM; then delivers what has arrived and prints totals.")
        {
            listen,
            output,
            drain,
            takeover,
            linger,
        };
        receive.AddTo(command);
        command.SetAction((parsed, _) =>
        {
            if (parsed.GetValue(takeover) is null && parsed.GetResult(linger) is { Implicit: false })
            {
                throw new UsageException("--linger says how long connections continue after a takeover: it needs --takeover.");
            }

            return ServeRun.RunAsync(new ServeOptions(
                receive.Read(parsed, parsed.GetRequiredValue(listen), parsed.GetValue(drain).Time) with { Takeover = parsed.GetValue(takeover), Linger = parsed.GetValue(linger).Time },
                parsed.GetValue(output)));
        });
        return command;
    }

    private static string? ReadPath(string text, out string? value)
    {
        value = text.Length == 0 ? null : Path.GetFullPath(text);
        return value is null || new ZcrxTakeoverOptions { Path = value }.Validate().Count > 0 ? "a path of a socket, of at most 90 bytes" : null;
    }

    private static string? ReadDirectory(string text, out string? value)
    {
        value = text;
        return text.Length > 0 ? null : "a directory";
    }
}
