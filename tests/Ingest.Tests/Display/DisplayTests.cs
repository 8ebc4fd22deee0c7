using Ingest.Demo;
using Ingest.Display;
using Spectre.Console;
using Zcrx.Rx;

namespace Ingest.Tests.Display;

/// <summary>Tests what the demo displays while it runs.</summary>
public class DisplayTests
{
    [Fact]
    public async Task The_tables_show_streams_and_queues()
    {
        string text = await DrawAsync(streams: 2);

        Assert.All(
            ["127.0.0.1:1", "127.0.0.1:2", "1.0 KiB", "10 B/s", "receiving", "zcrx-0", "5 of 16", "High", "25%", "77", "12", "89"],
            part => Assert.Contains(part, text, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(24, "all, with 989 more")]
    [InlineData(50, "all, with 963 more")]
    public async Task The_tables_fit_the_screen(int height, string last)
    {
        string text = await DrawAsync(streams: 1000, height);

        Assert.Contains(last, text, StringComparison.Ordinal);
        // The table of queues follows the table of streams and must not be cut off.
        Assert.Contains("zcrx-0", text[text.LastIndexOf(last, StringComparison.Ordinal)..], StringComparison.Ordinal);
        Assert.DoesNotContain('\u2026', text);
    }

    [Fact]
    public async Task Plain_lines_are_written_at_most_once_a_second()
    {
        using StringWriter output = new();

        await new PlainDisplay(output).ShowAsync(Enumerable.Repeat(Snapshot(3), 1000).ToAsyncEnumerable());

        Assert.Equal("", output.ToString());
    }

    private static async Task<string> DrawAsync(int streams, int height = 40)
    {
        using StringWriter output = new();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.Yes,
            ColorSystem = ColorSystemSupport.NoColors,
            Out = new AnsiConsoleOutput(output),
        });
        console.Profile.Width = 120;
        console.Profile.Height = height;
        await new TableDisplay(console).ShowAsync(new[] { Snapshot(streams) }.ToAsyncEnumerable());
        return output.ToString();
    }

    private static DemoSnapshot Snapshot(int streams) => new(
        TimeSpan.FromSeconds(1),
        [.. Enumerable.Range(1, streams).Select(i => new StreamRow($"127.0.0.1:{i}", 1024, 10, "receiving"))],
        [
            new QueueStatistics
            {
                Queue = "zcrx-0",
                Buffers = 16,
                BuffersOut = 5,
                BytesReceived = 400,
                CopiedBytes = 100,
                Rearms = 77,
                Pauses = 101,
                PausedConnections = 12,
                Pressure = PoolPressureLevel.High,
            },
        ],
        2048,
        20);
}
