using System.Globalization;
using Spectre.Console;

namespace LogIngest.Demo.Display;

/// <summary>Shows the run. A terminal shows a table that is updated; other outputs get a line every five seconds.</summary>
internal sealed class LiveView
{
    private const int SecondsOfLine = 5;

    private static readonly CultureInfo Format = CultureInfo.InvariantCulture;

    private readonly bool _isTerminal = !Console.IsOutputRedirected;
    private Snapshot? _before;

    /// <summary>Shows snapshots until there are no more.</summary>
    public async Task ShowAsync(IAsyncEnumerable<Snapshot> snapshots)
    {
        if (!_isTerminal)
        {
            await foreach (Snapshot snapshot in snapshots)
            {
                // Prints one line per interval of five seconds, even if a snapshot is early or late.
                if (LineOf(snapshot) > (_before is null ? 0 : LineOf(_before)))
                {
                    Console.WriteLine(string.Join(", ", Cells(snapshot).Select(static cell => $"{cell.Name} {cell.Value}")));
                    _before = snapshot;
                }
            }

            return;
        }

        await AnsiConsole.Live(new Table()).StartAsync(async context =>
        {
            await foreach (Snapshot snapshot in snapshots)
            {
                Table table = new Table().AddColumns("", "");
                table.Columns[1].RightAligned();
                foreach ((string name, string value) in Cells(snapshot))
                {
                    table.AddRow(name, Markup.Escape(value));
                }

                context.UpdateTarget(table);
                _before = snapshot;
            }
        });
    }

    private static int LineOf(Snapshot snapshot) => (int)snapshot.Elapsed.TotalSeconds / SecondsOfLine;

    private IEnumerable<(string Name, string Value)> Cells(Snapshot now)
    {
        double seconds = (now.Elapsed - (_before?.Elapsed ?? TimeSpan.Zero)).TotalSeconds;
        long stored = now.Service.Stored - (_before?.Service.Stored ?? 0);
        yield return ("second", ((int)now.Elapsed.TotalSeconds).ToString(Format));
        yield return ("sent", now.Sent.ToString("N0", Format));
        yield return ("stored", now.Service.Stored.ToString("N0", Format));
        yield return ("stored/s", (stored / Math.Max(seconds, 0.001)).ToString("N0", Format));
        yield return ("waiting in the service", now.Service.Waiting.ToString("N0", Format));
        yield return ("in the senders' sockets", $"{now.Queued / 1024:N0} KiB");
        yield return ("longest stall", string.Create(Format, $"{now.Stall.TotalMilliseconds:N0} ms"));
        yield return ("connections", now.Service.Connections.ToString(Format));
        yield return ("pool", string.Create(Format, $"{now.Service.BuffersOut:N0} of {now.Service.Buffers:N0} buffers"));
        yield return ("metrics", string.Create(Format, $"pressure {now.Published.Pressure}, {now.Published.PausedInMetrics} paused, {now.Published.Pauses:N0} pauses"));
        yield return ("page", string.Create(Format, $"{now.Published.PausedOnPage} paused"));
        yield return ("memory", $"{now.Service.Memory >> 20:N0} MiB");
        yield return ("database", now.IsDatabasePaused ? "paused" : "runs");
        yield return ("store", now.Service.StoreFailure ?? "works");
    }
}
