using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Zcrx.Dashboard.Tests.Support;

namespace Zcrx.Dashboard.Tests;

/// <summary>
/// Tests the Grafana dashboard and the alert rules that Zcrx supplies. They must use existing instruments and attributes, and the alerts
/// must fire.
/// </summary>
public sealed partial class ObservabilityTests
{
    private const int Timeout = 10_000;

    private static readonly string Folder = Path.Combine(RepositoryRoot.Path, "docs", "observability");

    // Zcrx does not define these labels. They come from Prometheus or from other attributes.
    private static readonly string[] ForeignLabels = ["job", "instance", "le", "severity", "error_type", "server_port", "server_address", "network_interface_name"];

    [Theory]
    [InlineData("grafana-zcrx.json")]
    [InlineData("zcrx.rules.yml")]
    [InlineData("zcrx.rules.test.yml")]
    public async Task Ready_made_files_use_only_instruments_and_attributes_that_exist(string file)
    {
        await using Site site = await Site.StartAsync();
        HashSet<string> metrics = Metrics(site.Services);

        Assert.True(metrics.Count > 40, $"{metrics.Count} names of metrics");
        Assert.Empty(Unknown(File.ReadAllText(Path.Combine(Folder, file)), metrics));
    }

    [Theory]
    [InlineData("zcrx_limit_actions")]
    [InlineData("zcrx_pool_pressure_time_seconds")]
    [InlineData("zcrx_receive_io")]
    [InlineData("zcrx_takeover_take")]
    [InlineData("zcrx_connection_duration_seconds")]
    public async Task Check_of_names_finds_instruments_without_their_suffix_and_activities(string name)
    {
        await using Site site = await Site.StartAsync();

        Assert.Equal([name], Unknown($"sum by (zcrx_queue_name, zcrx_limit_name) (rate({name}[5m]))", Metrics(site.Services)));
    }

    [Fact]
    public async Task Expressions_of_the_dashboard_name_labels_that_exist()
    {
        using JsonDocument dashboard = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(Folder, "grafana-zcrx.json")));
        HashSet<string> labels = [.. Labels(), .. ForeignLabels];
        string[] expressions = [.. dashboard.RootElement.GetProperty("panels").EnumerateArray()
            .Where(static panel => panel.TryGetProperty("targets", out _))
            .SelectMany(static panel => panel.GetProperty("targets").EnumerateArray())
            .Select(static target => target.GetProperty("expr").GetString()!)];

        Assert.True(expressions.Length > 20, $"{expressions.Length} expressions");
        Assert.All(expressions.SelectMany(static expression => Matchers().Matches(expression)).Select(static match => match.Groups["label"].Value), label => Assert.Contains(label, labels));
    }

    [Fact]
    public void Every_alert_has_a_test_in_which_it_fires_and_one_in_which_it_stays_quiet()
    {
        string[] alerts = [.. Alerts().Matches(File.ReadAllText(Path.Combine(Folder, "zcrx.rules.yml"))).Select(static match => match.Groups["name"].Value)];
        string tests = File.ReadAllText(Path.Combine(Folder, "zcrx.rules.test.yml"));

        Assert.True(alerts.Length > 10, $"{alerts.Length} alerts");
        Assert.All(alerts, alert => Assert.Contains($"- name: {alert} fires\n", tests, StringComparison.Ordinal));
        Assert.All(alerts, alert => Assert.Contains($"- name: {alert} stays quiet\n", tests, StringComparison.Ordinal));
    }

    [SkippableTheory]
    [InlineData("check", "zcrx.rules.yml")]
    [InlineData("test", "zcrx.rules.test.yml")]
    public async Task Promtool_accepts_the_rules_and_their_tests_pass(string command, string file)
    {
        Skip.IfNot(File.Exists("/usr/bin/promtool"), "/usr/bin/promtool is missing: apt-get install prometheus.");
        using Process promtool = Process.Start(new ProcessStartInfo("/usr/bin/promtool", [command, "rules", file])
        {
            WorkingDirectory = Folder, UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        Task<string> errors = promtool.StandardError.ReadToEndAsync();
        string output = await promtool.StandardOutput.ReadToEndAsync().Within("promtool ends");
        await promtool.WaitForExitAsync().Within("promtool ends");

        Assert.True(promtool.ExitCode == 0, $"{output}{await errors}");
        Assert.Contains("SUCCESS", output + await errors, StringComparison.Ordinal);
    }

    /// <summary>Returns the names in a text that look like names of Zcrx but are neither metrics nor labels.</summary>
    private static string[] Unknown(string text, HashSet<string> metrics)
    {
        HashSet<string> labels = Labels();
        return [.. Names().Matches(text).Select(static match => match.Value).Distinct().Where(name => !metrics.Contains(name) && !labels.Contains(name))];
    }

    /// <summary>
    /// Returns the attributes that hosting.md documents, as Prometheus labels. These are all names except those of instruments and
    /// activities.
    /// </summary>
    private static HashSet<string> Labels()
    {
        string hosting = File.ReadAllText(Path.Combine(RepositoryRoot.Path, "docs", "hosting.md"));
        // Each table row starts with the names of the instruments or activities that it describes.
        HashSet<string> described = [.. Rows().Matches(hosting).SelectMany(static row => Attributes().Matches(row.Value)).Select(static match => match.Value)];
        Assert.True(described.Count > 50, $"{described.Count} instruments and activities");
        return [.. Attributes().Matches(hosting).Select(static match => match.Value).Where(name => !described.Contains(name)).Select(static name => name.Replace('.', '_'))];
    }

    /// <summary>Returns the metric names that the Prometheus exporter of OpenTelemetry creates from the instruments.</summary>
    private static HashSet<string> Metrics(IServiceProvider services)
    {
        IMeterFactory factory = services.GetRequiredService<IMeterFactory>();
        HashSet<string> names = [];
        using MeterListener listener = new()
        {
            InstrumentPublished = (instrument, _) =>
            {
                // Meters of other tests have the same name, but another scope.
                if (instrument.Meter.Name == "Zcrx" && instrument.Meter.Scope == factory)
                {
                    names.UnionWith(NamesOf(instrument));
                }
            },
        };
        listener.Start();
        return names;
    }

    private static IEnumerable<string> NamesOf(Instrument instrument)
    {
        string name = instrument.Name.Replace('.', '_') + instrument.Unit switch { "By" => "_bytes", "s" => "_seconds", _ => "" };
        Type kind = instrument.GetType().GetGenericTypeDefinition();
        return kind == typeof(ObservableCounter<>) || kind == typeof(Counter<>) ? [$"{name}_total"]
            : kind == typeof(Histogram<>) ? [$"{name}_bucket", $"{name}_sum", $"{name}_count"]
            : [name];
    }

    [GeneratedRegex(@"\bzcrx_[a-z_]+[a-z]", RegexOptions.None, Timeout)]
    private static partial Regex Names();

    [GeneratedRegex(@"\bzcrx(?:\.[a-z_]+)+", RegexOptions.None, Timeout)]
    private static partial Regex Attributes();

    [GeneratedRegex(@"^\| (?:`zcrx[a-z_.]+`(?:, )?)+", RegexOptions.Multiline, Timeout)]
    private static partial Regex Rows();

    [GeneratedRegex(@"[{,]\s*(?<label>[a-z_]+)\s*(?:=|!=)", RegexOptions.ExplicitCapture, Timeout)]
    private static partial Regex Matchers();

    [GeneratedRegex(@"- alert: (?<name>\w+)", RegexOptions.ExplicitCapture, Timeout)]
    private static partial Regex Alerts();
}
