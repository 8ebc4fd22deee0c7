using Ingest.Demo;
using Spectre.Console;
using Zcrx.Rx;

namespace Ingest.Display;

/// <summary>Shows the demo on a terminal: two tables that are redrawn in place.</summary>
internal sealed class TableDisplay(IAnsiConsole console) : IDemoDisplay
{
    // The number of lines that are not rows of streams or queues, such as borders, headers and the sum.
    private const int OtherLines = 12;

    public Task ShowAsync(IAsyncEnumerable<DemoSnapshot> snapshots) =>
        console.Live(new Text("")).AutoClear(false).StartAsync(async context =>
        {
            await foreach (DemoSnapshot snapshot in snapshots)
            {
                context.UpdateTarget(Draw(snapshot));
            }
        });

    private Rows Draw(DemoSnapshot snapshot)
    {
        // Shows only the rows that fit on the screen. Further rows would scroll, and could not be redrawn.
        int room = Math.Max(1, console.Profile.Height - OtherLines - snapshot.Queues.Count);
        return new Rows(Streams(snapshot, room), Queues(snapshot));
    }

    private static Table Streams(DemoSnapshot snapshot, int room)
    {
        Table table = new Table().Border(TableBorder.Rounded)
            .AddColumn("connection")
            .AddColumn(Right("received"))
            .AddColumn(Right("rate"))
            .AddColumn("state");
        foreach (StreamRow stream in snapshot.Streams.Take(room))
        {
            table.AddRow(
                Markup.Escape(stream.Name), Quantity.Bytes(stream.Bytes), $"{Quantity.Bytes(stream.BytesPerSecond)}/s", Colored(stream.State));
        }

        int more = snapshot.Streams.Count - room;
        string name = more > 0 ? $"all, with {more} more" : "all";
        return table.AddEmptyRow().AddRow(
            name,
            $"{Quantity.Bytes(snapshot.Bytes)} of {Quantity.Bytes(snapshot.Expected)}",
            $"{Quantity.Bytes(snapshot.BytesPerSecond)}/s",
            Quantity.Seconds(snapshot.Elapsed));
    }

    private static Table Queues(DemoSnapshot snapshot)
    {
        Table table = new Table().Border(TableBorder.Rounded)
            .AddColumn("queue")
            .AddColumn(Right("connections"))
            .AddColumn(Right("buffers out"))
            .AddColumn("pressure")
            .AddColumn(Right("copied"))
            .AddColumn(Right("now"))
            .AddColumn(Right("re-arms"))
            .AddColumn(Right("paused"))
            .AddColumn(Right("resumed"));
        foreach (QueueStatistics queue in snapshot.Queues)
        {
            table.AddRow(
                Markup.Escape(queue.Queue),
                Quantity.Count(queue.Connections),
                $"{queue.BuffersOut} of {queue.Buffers}",
                Colored(queue.Pressure.ToString()),
                Quantity.Share(queue.CopiedShare),
                Quantity.Share(snapshot.CopiedNow.GetValueOrDefault(queue.Queue)),
                Quantity.Count(queue.Rearms),
                Quantity.Count(queue.PausedConnections),
                Quantity.Count(Quantity.Resumptions(queue)));
        }

        return table;
    }

    private static TableColumn Right(string header) => new TableColumn(header).RightAligned();

    private static string Colored(string state) => state switch
    {
        "complete" or nameof(PoolPressureLevel.Normal) => $"[green]{state}[/]",
        "broken" or nameof(PoolPressureLevel.Exhausted) => $"[red]{state}[/]",
        nameof(PoolPressureLevel.High) => $"[yellow]{state}[/]",
        _ => state,
    };
}
