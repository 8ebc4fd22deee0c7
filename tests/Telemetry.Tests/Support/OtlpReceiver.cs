using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Telemetry.Tests.Support;

/// <summary>
/// Receives OTLP over HTTP, as a collector does. Stores all spans and the last value of each metric. Records a failure if a counter
/// decreases.
/// </summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private const ulong Cumulative = 2;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, ulong> _starts = new(StringComparer.Ordinal);
    // Each export replaces the whole dictionary, so that readers never see values of two exports.
    private volatile ImmutableDictionary<string, double> _values = ImmutableDictionary.Create<string, double>(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> _units = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<OtlpSpan> _spans = new();
    private readonly ConcurrentQueue<Exception> _failures = new();

    private OtlpReceiver(WebApplication app) => _app = app;

    public string Endpoint => _app.Urls.Single();

    /// <summary>Gets the unit of each metric.</summary>
    public IReadOnlyDictionary<string, string> Units => _units;

    public IReadOnlyCollection<OtlpSpan> Spans => _spans;

    /// <summary>Gets the exceptions that occurred while exports were read.</summary>
    public IReadOnlyCollection<Exception> Failures => _failures;

    public static async Task<OtlpReceiver> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        WebApplication app = builder.Build();
        OtlpReceiver receiver = new(app);
        app.MapPost("/v1/metrics", context => receiver.TakeAsync(context, receiver.ReadMetrics));
        app.MapPost("/v1/traces", context => receiver.TakeAsync(context, receiver.ReadSpans));
        await app.StartAsync();
        return receiver;
    }

    /// <summary>
    /// Gets all values of the last export. Pass them to the static method <c>Value</c> to read several metrics of the same export.
    /// </summary>
    public ImmutableDictionary<string, double> Values => _values;

    /// <summary>
    /// Returns the value of a metric in the last export: the sum of all series with the attribute. Returns null if there are none.
    /// </summary>
    public double? Value(string metric, string attribute = "") => Value(_values, metric, attribute);

    /// <summary>Waits until a metric has this value.</summary>
    public Task ReachAsync(string metric, double expected, string attribute = "") => Deadline.UntilAsync(
        () => Value(metric, attribute) == expected,
        () => $"{metric} is {expected}, and not {Value(metric, attribute)}\n{Describe()}\n{string.Join('\n', Failures)}");

    /// <summary>
    /// Returns the value of a metric in the given export: the sum of all series with the attribute. Returns null if there are none.
    /// </summary>
    public static double? Value(ImmutableDictionary<string, double> export, string metric, string attribute = "")
    {
        double[] values = [.. export.Where(pair => pair.Key.StartsWith(metric + "|", StringComparison.Ordinal) && pair.Key.Contains(attribute, StringComparison.Ordinal)).Select(static pair => pair.Value)];
        return values.Length == 0 ? null : values.Sum();
    }

    public string Describe() => string.Join('\n', _values.OrderBy(static pair => pair.Key, StringComparer.Ordinal).Select(static pair => $"{pair.Key} = {pair.Value}"));

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task TakeAsync(HttpContext context, Action<WireReader> read)
    {
        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body);
        try
        {
            Assert.Equal("application/x-protobuf", context.Request.ContentType);
            read(new WireReader(body.ToArray()));
        }
#pragma warning disable CA1031 // The test checks that no failure was recorded.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _failures.Enqueue(exception);
        }

        context.Response.ContentType = "application/x-protobuf";
    }

    // The path is ExportMetricsServiceRequest.resource_metrics.scope_metrics.metrics.
    private void ReadMetrics(WireReader request)
    {
        lock (_gate)
        {
            ImmutableDictionary<string, double>.Builder values = _values.ToBuilder();
            foreach (WireReader metric in request.Messages(1).SelectMany(static resource => resource.Messages(2)).Where(static scope => scope.Messages(1).Single().Text(1) == "Zcrx").SelectMany(static scope => scope.Messages(2)))
            {
                string name = metric.Text(1);
                _units[name] = metric.Text(3);
                // Field 5 is gauge, and field 7 is sum.
                foreach (WireReader data in metric.Messages(5).Concat(metric.Messages(7)))
                {
                    // Field 3 is is_monotonic. Field 2 is aggregation_temporality.
                    bool isCounter = data.Has(3) && data.Number(3) != 0;
                    Assert.True(!isCounter || data.Number(2) == Cumulative, $"{name} is not cumulative");
                    foreach (WireReader point in data.Messages(1))
                    {
                        // Field 6 is as_int, and field 4 is as_double.
                        double value = point.Has(6) ? (long)point.Number(6) : BitConverter.UInt64BitsToDouble(point.Number(4));
                        string series = $"{name}|{string.Join(',', Attributes(point, 7).Select(static pair => $"{pair.Key}={pair.Value}"))}";
                        if (isCounter)
                        {
                            CheckForward(series, values.GetValueOrDefault(series), value, point.Number(2));
                        }

                        values[series] = value;
                    }
                }
            }

            _values = values.ToImmutable();
        }
    }

    /// <summary>
    /// Checks that a counter does not decrease and does not start again. Its start_time_unix_nano must be the same in all exports.
    /// </summary>
    private void CheckForward(string series, double before, double now, ulong start)
    {
        if (now < before)
        {
            _failures.Enqueue(new InvalidDataException($"{series} went back from {before} to {now}."));
        }

        if (_starts.TryGetValue(series, out ulong known) && known != start)
        {
            _failures.Enqueue(new InvalidDataException($"{series} has begun anew."));
        }

        _starts[series] = start;
    }

    // The path is ExportTraceServiceRequest.resource_spans.scope_spans.spans.
    private void ReadSpans(WireReader request)
    {
        foreach (WireReader span in request.Messages(1).SelectMany(static resource => resource.Messages(2)).SelectMany(static scope => scope.Messages(2)))
        {
            _spans.Enqueue(new OtlpSpan(span.Text(5), Convert.ToHexString(span.Bytes(2).Span), Convert.ToHexString(span.Bytes(4).Span), Attributes(span, 9)));
        }
    }

    private static Dictionary<string, string> Attributes(WireReader message, int field) => message.Messages(field).ToDictionary(
        static attribute => attribute.Text(1),
        static attribute => attribute.Messages(2).Single() is var value && value.Has(1) ? value.Text(1) : $"{value.Number(3)}",
        StringComparer.Ordinal);
}
