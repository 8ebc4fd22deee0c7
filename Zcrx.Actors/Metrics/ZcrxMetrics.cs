using System.Diagnostics.Metrics;
using Zcrx.Actors.Supervision;
using Zcrx.Rx;

namespace Zcrx.Actors.Metrics;

/// <summary>The instruments of the meter <c>Zcrx</c>. All of them are observed: nothing is counted twice, and nothing happens while nobody looks.</summary>
/// <remarks>Counters span the restarts of a queue. Tags: <c>zcrx.queue</c> and <c>zcrx.engine</c>; <c>zcrx.listener</c> for listeners; <c>zcrx.notification.type</c> for notifications.</remarks>
internal sealed class ZcrxMetrics : IDisposable
{
    public const string MeterName = "Zcrx";

    private readonly ZcrxRuntime _runtime;
    private readonly Meter _meter;

    public ZcrxMetrics(ZcrxRuntime runtime, IMeterFactory? factory)
    {
        _runtime = runtime;
        _meter = factory?.Create(new MeterOptions(MeterName)) ?? new Meter(MeterName);
        Count("zcrx.receive.bytes", "By", "Bytes received.", static totals => totals.Bytes);
        Count("zcrx.receive.buffers", "{buffer}", "Buffers received.", static totals => totals.Buffers);
        Count("zcrx.receive.pauses", "{pause}", "Receives that were paused or ended for want of buffers.", static totals => totals.Pauses);
        Count("zcrx.receive.rearms", "{rearm}", "Receives that were issued again after one had ended.", static totals => totals.Rearms);
        Count("zcrx.copy.bytes", "By", "Bytes that the kernel copied.", static totals => totals.CopiedBytes);
        Count("zcrx.copy.fragments", "{fragment}", "Fragments that the kernel copied.", static totals => totals.CopiedFragments);
        Count("zcrx.refill.flushes", "{flush}", "Times that the refill queue was flushed.", static totals => totals.Flushes);
        Count("zcrx.completion.overflows", "{overflow}", "Turns that found the completion ring overflown.", static totals => totals.Overflows);
        Count("zcrx.connections.accepted", "{connection}", "Connections accepted or attached.", static totals => totals.ConnectionsOpened);
        Level("zcrx.connections.active", "{connection}", "Connections open now.", static statistics => statistics.Connections);
        Level("zcrx.connections.paused", "{connection}", "Connections paused now because of the pool.", static statistics => statistics.PausedConnections);
        Level("zcrx.pool.buffers.out", "{buffer}", "Buffers that consumers hold.", static statistics => statistics.BuffersOut);
        Level("zcrx.pool.buffers.limit", "{buffer}", "Buffers in the pool.", static statistics => statistics.Buffers);
        _meter.CreateObservableGauge("zcrx.pool.pressure", () => Present(static statistics => (int)statistics.Pressure), "{level}", "The pool's level: 0 normal, 1 high, 2 exhausted.");
        _meter.CreateObservableCounter("zcrx.notifications", Notifications, "{notification}", "Notifications from the kernel.");
        _meter.CreateObservableCounter("zcrx.queue.restarts", () => _runtime.Queues.Select(static slot => new Measurement<long>(slot.Restarts, Tags(slot))), "{restart}", "Times that a queue was opened again.");
        _meter.CreateObservableUpDownCounter("zcrx.queue.open", () => _runtime.Queues.Select(static slot => new Measurement<int>(slot.IsOpen ? 1 : 0, Tags(slot))), "{queue}", "Queues that receive.");
        _meter.CreateObservableUpDownCounter(
            "zcrx.listener.connections",
            () => _runtime.Listeners.Select(static slot => new Measurement<int>(slot.Connections, new KeyValuePair<string, object?>("zcrx.listener", slot.Name))),
            "{connection}",
            "Connections of a listener that are open now.");
    }

    public void Dispose() => _meter.Dispose();

    private void Count(string name, string unit, string description, Func<QueueTotals, long> select) => _meter.CreateObservableCounter(
        name,
        () => _runtime.Queues.Select(slot => new Measurement<long>(select(slot.Totals()), Tags(slot))),
        unit,
        description);

    private void Level(string name, string unit, string description, Func<QueueStatistics, int> select) =>
        _meter.CreateObservableUpDownCounter(name, () => Present(select), unit, description);

    private IEnumerable<Measurement<int>> Present(Func<QueueStatistics, int> select)
    {
        foreach (QueueSlot slot in _runtime.Queues)
        {
            if (slot.Snapshot() is { } statistics)
            {
                yield return new Measurement<int>(select(statistics), Tags(slot));
            }
        }
    }

    private IEnumerable<Measurement<long>> Notifications()
    {
        foreach (QueueSlot slot in _runtime.Queues)
        {
            QueueTotals totals = slot.Totals();
            yield return new Measurement<long>(totals.NoBuffersNotifications, [.. Tags(slot), new("zcrx.notification.type", "no_buffers")]);
            yield return new Measurement<long>(totals.CopyNotifications, [.. Tags(slot), new("zcrx.notification.type", "copy")]);
        }
    }

    private static KeyValuePair<string, object?>[] Tags(QueueSlot slot) =>
        [new("zcrx.queue", slot.Name), new("zcrx.engine", slot.Engine?.Name ?? "none")];
}
