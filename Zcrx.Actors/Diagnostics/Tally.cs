using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Diagnostics;

/// <summary>Counts closed connections, exceptions of consumers, and enforced limits for the metrics. Callable on any thread.</summary>
internal sealed class Tally
{
    private const string ErrorType = "error.type";

    private readonly ConcurrentDictionary<(string Queue, string? Error), long> _closed = new();
    private readonly ConcurrentDictionary<(string Queue, string? Error), long> _faults = new();
    private readonly ConcurrentDictionary<(string Queue, ZcrxLimit Limit, string? Listener), long> _limits = new();
    private volatile Histogram<double>? _durations;

    /// <summary>Gets the number of closed connections by queue and error.</summary>
    public IEnumerable<Measurement<long>> Closed => Read(_closed);

    /// <summary>Gets the number of exceptions that consumers threw, by queue and type.</summary>
    public IEnumerable<Measurement<long>> Faults => Read(_faults);

    /// <summary>Gets how often limits were enforced, by queue, limit and listener.</summary>
    public IEnumerable<Measurement<long>> Limits => _limits.Select(static entry => new Measurement<long>(
        entry.Value,
        [
            new("zcrx.queue.name", entry.Key.Queue),
            new("zcrx.limit.name", AttributeValue.Of(entry.Key.Limit)),
            .. entry.Key.Listener is { } listener ? [new("zcrx.listener.name", listener)] : Array.Empty<KeyValuePair<string, object?>>(),
        ]));

    /// <summary>Sets the histogram in which <see cref="OnClosed"/> records the duration of each connection.</summary>
    public void Attach(Histogram<double> durations) => _durations = durations;

    /// <summary>Records the end of a connection.</summary>
    public void OnClosed(ZcrxEvent.ConnectionClosed closed, TimeSpan duration)
    {
        string? error = closed.Error is null ? null : TypeOf(closed.Error);
        Increment(_closed, (closed.Queue, error), 1);
        if (_durations is { Enabled: true } durations)
        {
            System.Diagnostics.TagList tags = default;
            if (closed.Listener is not null)
            {
                tags.Add("zcrx.listener.name", closed.Listener);
            }

            if (error is not null)
            {
                tags.Add(ErrorType, error);
            }

            durations.Record(duration.TotalSeconds, tags);
        }
    }

    /// <summary>Records that a consumer has thrown.</summary>
    public void OnFaulted(ZcrxEvent.ConsumerFaulted faulted) => Increment(_faults, (faulted.Queue, faulted.Exception.GetType().FullName), 1);

    /// <summary>Records that a limit was enforced.</summary>
    public void OnLimit(LimitReached report)
    {
        if (report.Count > 0)
        {
            Increment(_limits, (report.Queue, report.Limit, report.Listener), report.Count);
        }
    }

    private static void Increment<TKey>(ConcurrentDictionary<TKey, long> counts, TKey key, long by)
        where TKey : notnull => counts.AddOrUpdate(key, static (_, added) => added, static (_, count, added) => count + added, by);

    private static IEnumerable<Measurement<long>> Read(ConcurrentDictionary<(string Queue, string? Error), long> counts) => counts.Select(static entry => new Measurement<long>(
        entry.Value,
        [
            new("zcrx.queue.name", entry.Key.Queue),
            .. entry.Key.Error is { } error ? [new(ErrorType, error)] : Array.Empty<KeyValuePair<string, object?>>(),
        ]));

    /// <summary>
    /// Returns the errno name of an error, or else the type of the exception. Both have few different values, as an attribute of a metric
    /// requires.
    /// </summary>
    private static string TypeOf(Exception error) => error is ZcrxException { ErrorName: { Length: > 0 } name } ? name : error.GetType().FullName!;
}
