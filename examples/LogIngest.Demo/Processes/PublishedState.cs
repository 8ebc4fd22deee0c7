using System.Globalization;
using System.Text.RegularExpressions;

namespace LogIngest.Demo.Processes;

/// <summary>Represents the published figures that show a slow store to an operator.</summary>
/// <param name="Pressure">The state of the pool in <c>/metrics</c>: <c>normal</c>, <c>high</c> or <c>exhausted</c>.</param>
/// <param name="Pauses">How often receiving was paused, in <c>/metrics</c>.</param>
/// <param name="PausedInMetrics">The number of connections that the pool has paused, in <c>/metrics</c>.</param>
/// <param name="PausedOnPage">The number of connections that the dashboard shows as paused, by the pool or by their windows.</param>
internal sealed partial record PublishedState(string Pressure, long Pauses, long PausedInMetrics, long PausedOnPage)
{
    private static readonly string[] Pressures = ["exhausted", "high"];

    /// <summary>Reads the state.</summary>
    /// <param name="metrics">The response of <c>/metrics</c>.</param>
    /// <param name="pausedConnections">The dashboard's pages of paused connections, one for each state.</param>
    public static PublishedState From(string metrics, params string[] pausedConnections) => new(
        Pressures.FirstOrDefault(pressure => Sum(metrics, "zcrx_pool_pressure", $"zcrx_pool_state=\"{pressure}\"") > 0, "normal"),
        Sum(metrics, "zcrx_receive_pauses_total", ""),
        Sum(metrics, "zcrx_connection_count", "zcrx_connection_state=\"paused\""),
        pausedConnections.Sum(static page => long.Parse(Matching().Match(page).Groups["count"].Value, CultureInfo.InvariantCulture)));

    /// <summary>Returns the sum of an instrument's values with an attribute.</summary>
    private static long Sum(string metrics, string name, string attribute) => metrics.Split('\n')
        .Where(line => line.StartsWith($"{name}{{", StringComparison.Ordinal) && line.Contains(attribute, StringComparison.Ordinal))
        .Sum(static line => (long)double.Parse(line[(line.IndexOf('}', StringComparison.Ordinal) + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0], CultureInfo.InvariantCulture));

    [GeneratedRegex("\"matching\":\\s*(?<count>[0-9]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Matching();
}
