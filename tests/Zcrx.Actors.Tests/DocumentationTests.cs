using System.Diagnostics.Metrics;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Zcrx.Actors.Health;
using Zcrx.Actors.Logging;
using Zcrx.Actors.Tests.Support;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests;

/// <summary>Compares the lists in the documentation with the code: log events, health codes, instruments, events and errors.</summary>
public partial class DocumentationTests
{
    private static readonly (LoggerMessageAttribute Message, string Name)[] Messages =
    [
        .. from method in typeof(ZcrxLog).GetMethods(BindingFlags.Public | BindingFlags.Static)
           let message = method.GetCustomAttribute<LoggerMessageAttribute>()
           where message is not null
           select (message, message.EventName ?? method.Name),
    ];

    [Fact]
    public void Every_log_event_is_listed_with_its_name_and_level() => Assert.Equal(
        Messages.Select(static entry => $"| {entry.Message.EventId} | `{entry.Name}` | {entry.Message.Level}").Order(StringComparer.Ordinal),
        Rows("hosting.md", "## Logs").Select(static row => $"| {row[0]} | {row[1]} | {row[2]}").Order(StringComparer.Ordinal));

    [Fact]
    public void Every_warning_and_error_in_the_log_is_explained() => Assert.Equal(
        Messages.Where(static entry => entry.Message.Level >= LogLevel.Warning).Select(static entry => entry.Message.EventId).Order(),
        Rows("operations.md", "## Warnings and errors in the log").SelectMany(static row => Numbers().Matches(row[0])).Select(static match => int.Parse(match.Value, System.Globalization.CultureInfo.InvariantCulture)).Order());

    [Fact]
    public void Every_health_code_is_explained()
    {
        string[] codes = [.. typeof(HealthReasons).GetFields(BindingFlags.Public | BindingFlags.Static).Where(static field => field.IsLiteral).Select(static field => (string)field.GetRawConstantValue()!)];

        Assert.NotEmpty(codes);
        Assert.Equal(codes.Order(StringComparer.Ordinal), Rows("operations.md", "## Health codes").Select(static row => row[0].Trim('`').Split(':')[0]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Every_instrument_is_listed_with_its_kind_and_unit()
    {
        List<(string Name, string Kind, string Unit)> listed = [];
        foreach (string[] row in Rows("hosting.md", "## Metrics and traces"))
        {
            string[] names = [.. Instruments().Matches(Asides().Replace(row[0], "")).Select(static match => match.Value)];
            string[] units = row[2].Split(", ");
            Assert.True(units.Length == 1 || units.Length == names.Length, $"{row[0]} and {row[2]} do not go together");
            listed.AddRange(names.Select((name, index) => (name, row[1], units[units.Length == 1 ? 0 : index])));
        }

        await using var host = await TestHost.StartAsync(static zcrx => zcrx.AddQueues(1, 1.MiB()));
        var factory = host.Services.GetRequiredService<IMeterFactory>();
        List<(string Name, string Kind, string Unit)> there = [];
        using MeterListener listener = new()
        {
            InstrumentPublished = (instrument, _) =>
            {
                // Hosts of other tests have meters with the same name.
                if (instrument.Meter.Name == "Zcrx" && instrument.Meter.Scope == factory)
                {
                    there.Add((instrument.Name, Kind(instrument), instrument.Unit!));
                }
            },
        };
        listener.Start();

        Assert.Equal(there.Order(), listed.Order());
    }

    [Fact]
    public void Every_event_and_every_error_is_explained()
    {
        string text = Text("operations.md");
        IEnumerable<Type> events = typeof(ZcrxEvent).Assembly.GetExportedTypes().Where(static type => type.IsAssignableTo(typeof(ZcrxEvent)) && !type.IsAbstract);
        IEnumerable<Type> errors = new[] { typeof(ZcrxException), typeof(ZcrxStreamException), typeof(ZcrxEvent) }.SelectMany(static type => type.Assembly.GetExportedTypes()).Where(static type => type.IsAssignableTo(typeof(ZcrxException)));

        Assert.All(events.Concat(errors).Select(static type => type.Name), name => Assert.Contains($"`{name}`", text, StringComparison.Ordinal));
    }

    private static string Kind(Instrument instrument) => instrument.GetType().GetGenericTypeDefinition() switch
    {
        var type when type == typeof(ObservableCounter<>) => "counter",
        var type when type == typeof(ObservableUpDownCounter<>) => "up-down counter",
        var type when type == typeof(ObservableGauge<>) => "gauge",
        var type when type == typeof(Histogram<>) => "histogram",
        var type => type.Name,
    };

    /// <summary>Returns the cells of the first table after a heading, without the header row.</summary>
    private static string[][] Rows(string file, string heading)
    {
        string[][] rows =
        [
            .. Text(file).Split('\n')
                .SkipWhile(line => line != heading).Skip(1)
                .SkipWhile(static line => !line.StartsWith('|'))
                .TakeWhile(static line => line.StartsWith('|'))
                .Skip(2)
                .Select(static line => line.Trim('|').Split('|').Select(static cell => cell.Trim()).ToArray()),
        ];
        Assert.NotEmpty(rows);
        return rows;
    }

    private static string Text(string file) => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "docs", file));

    [GeneratedRegex("[0-9]{4}", RegexOptions.None, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Numbers();

    [GeneratedRegex("zcrx(\\.[a-z_]+)+", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Instruments();

    [GeneratedRegex("\\([^)]*\\)", RegexOptions.None, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Asides();
}
