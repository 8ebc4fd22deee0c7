using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using System.Globalization;
using Zcrx.Actors.Diagnostics;
using Zcrx.Actors.Queues;
using Zcrx.Actors.Supervision;
using Zcrx.Rx;

namespace Zcrx.Actors.Metrics;

/// <summary>
/// Contains the instruments of the meter <c>Zcrx</c>. All but one are observable, so they cost nothing while no meter listener collects
/// them. The histogram of connection durations records once per closed connection, and only while a meter listener is enabled.
/// </summary>
/// <remarks>
/// <para>
/// Counters continue across restarts of a queue. Names, units and attributes follow OpenTelemetry. docs/hosting.md lists all of them.
/// </para>
/// <para>
/// Only the number of open queues has the attribute <c>zcrx.engine</c>. A counter with this attribute would begin a new series when its
/// queue falls back to another engine.
/// </para>
/// </remarks>
internal sealed class ZcrxMetrics : IDisposable
{
    public const string MeterName = "Zcrx";

    // The upper bounds of the turn durations, as values of the attribute "le". Each bucket is a counter, as in Prometheus. An ordinary
    // histogram would run the code of meter listeners on the ring thread.
    private static readonly string[] TurnBounds = [.. QueueStatistics.TurnDurationBounds.Select(static bound => bound.TotalSeconds.ToString("0.######", CultureInfo.InvariantCulture)), "+Inf"];

    // The buckets reach from 1 ms, for connections with a single request, to a day, for connections that stay open.
    private static readonly double[] DurationBuckets = [0.001, 0.01, 0.1, 0.5, 1, 5, 10, 60, 300, 1800, 3600, 21_600, 86_400];

    private readonly ZcrxTree _tree;
    private readonly Meter _meter;

    public ZcrxMetrics(ZcrxTree tree, IMeterFactory? factory)
    {
        _tree = tree;
        _meter = factory?.Create(new MeterOptions(MeterName)) ?? new Meter(MeterName);
        Count("zcrx.receive.io", "By", "Bytes received.", static totals => totals.Bytes);
        Count("zcrx.receive.buffers", "{buffer}", "Buffers received.", static totals => totals.Buffers);
        Count("zcrx.receive.pauses", "{pause}", "Receives that were paused, or ended because no buffer was free.", static totals => totals.Pauses);
        Count("zcrx.receive.rearms", "{rearm}", "Receives that were issued again after one had ended.", static totals => totals.Rearms);
        Count("zcrx.receive.stalls", "{stall}", "Connections that received nothing for the stall timeout although bytes waited in their sockets.", static totals => totals.Stalls);
        Level("zcrx.connection.stalled", "{connection}", "Connections that are currently stalled.", static statistics => statistics.StalledConnections);
        _meter.CreateObservableUpDownCounter("zcrx.queue.stuck", () => Queues.Select(static queue => new Measurement<int>(queue.Stuck is null ? 0 : 1, Tags(queue))), "{queue}", "Queues whose ring thread is stuck in a callback.");
        Count("zcrx.copy.io", "By", "Bytes that the kernel copied.", static totals => totals.CopiedBytes);
        Count("zcrx.copy.fragments", "{fragment}", "Fragments that the kernel copied.", static totals => totals.CopiedFragments);
        Count("zcrx.lease.copies", "{buffer}", "Buffers that were leased as copies, because only the pool's reserve was left.", static totals => totals.LeasedCopies);
        Count("zcrx.refill.flushes", "{flush}", "Times that the refill queue was flushed.", static totals => totals.Flushes);
        Count("zcrx.completion.overflows", "{overflow}", "Turns in which the completion ring had overflowed.", static totals => totals.Overflows);
        Count("zcrx.connection.opened", "{connection}", "Connections accepted or attached.", static totals => totals.ConnectionsOpened);
        Count("zcrx.connection.moves", "{move}", "Connections that came from other queues, or resumed after a restart.", static totals => totals.ConnectionsMovedIn);
        Count("zcrx.connection.refused", "{connection}", "Connections that were reset because a listener or an address had reached its limit of connections.", static totals => totals.ConnectionsRefused);
        Count("zcrx.connection.timeouts", "{connection}", "Connections that were reset because they were silent for too long.", static totals => totals.ConnectionsTimedOut);
        Count("zcrx.frame.refused", "{frame}", "Unfinished frames that were dropped with their connections, because their copies had reached the limit.", static totals => totals.FramesRefused);
        Level("zcrx.frame.copied", "By", "Bytes of unfinished frames that are currently copied.", static statistics => statistics.CopiedFrameBytes);
        Level("zcrx.queue.descriptor_waits", "{queue}", "Queues that accept nothing, because the process has few file descriptors left.", static statistics => statistics.AwaitsDescriptors ? 1 : 0);
        _meter.CreateObservableUpDownCounter("zcrx.connection.count", Connections, "{connection}", "Open connections, by state.");
        Level("zcrx.refill.depth", "{entry}", "Refill entries that the kernel has not consumed yet.", static statistics => statistics.RefillDepth);
        Level("zcrx.pool.usage", "{buffer}", "Buffers in flight: delivered or leased.", static statistics => statistics.BuffersOut);
        Level("zcrx.pool.limit", "{buffer}", "Buffers in the pool.", static statistics => statistics.Buffers);
        Time("zcrx.pool.pressure.time", "Time that the pool has spent above its normal level.", static totals => totals.TimeUnderPressure);
        _meter.CreateObservableUpDownCounter("zcrx.pool.pressure", PoolStates, "{pool}", "Pools by state: 1 for the current state, 0 for the others.");
        _meter.CreateObservableCounter("zcrx.notification.received", Notifications, "{notification}", "Notifications from the kernel.");
        Count("zcrx.ring.turns", "{turn}", "Turns of the ring thread.", static totals => totals.Turns);
        Time("zcrx.ring.busy", "Time that the ring thread has worked. Divided by the turns it is the mean duration of a turn.", static totals => totals.BusyTime);
        Time("zcrx.ring.spin", "Time that the ring thread has polled before it slept.", static totals => totals.SpinTime);
        _meter.CreateObservableCounter("zcrx.ring.turn.buckets", TurnBuckets, "{turn}", "Turns of the ring thread that took at most the time of the attribute le, in seconds.");
        _meter.CreateObservableUpDownCounter("zcrx.queue.storm", Storms, "{storm}", "Current copy storms.");
        _meter.CreateObservableCounter("zcrx.connection.closed", () => _tree.Tally.Closed, "{connection}", "Connections that were closed; with error.type if their stream ended with an error.");
        _meter.CreateObservableCounter("zcrx.consumer.faults", () => _tree.Tally.Faults, "{fault}", "Handlers and observers that have thrown.");
        _meter.CreateObservableCounter("zcrx.limit.actions", () => _tree.Tally.Limits, "{action}", "Times that a limit that protects the process from its peers was applied.");
        _meter.CreateObservableCounter("zcrx.listener.accepted", Accepted, "{connection}", "Connections that a listener has accepted.");
        _tree.Tally.Attach(_meter.CreateHistogram("zcrx.connection.duration", "s", "Time that connections were open.", tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = DurationBuckets }));
        _meter.CreateObservableCounter("zcrx.queue.restarts", () => Queues.Select(static queue => new Measurement<long>(queue.Restarts, Tags(queue))), "{restart}", "Times that a queue was opened again.");
        _meter.CreateObservableUpDownCounter("zcrx.queue.open", () => Queues.Select(static queue => new Measurement<int>(queue.IsOpen ? 1 : 0, OpenTags(queue))), "{queue}", "Queues that receive, by engine.");
        _meter.CreateObservableCounter(
            "zcrx.rebalancing.moves",
            () => Enum.GetValues<MoveReason>().Select(reason => new Measurement<long>(_tree.Rebalancing.Value.Moves.GetValueOrDefault(reason), new KeyValuePair<string, object?>("zcrx.move.reason", AttributeValue.Of(reason)))),
            "{move}",
            "Connections that were moved to another queue.");
        _meter.CreateObservableCounter("zcrx.rebalancing.steerings", () => _tree.Steering.Values.Sum(static steering => steering.Value.Added), "{rule}", "Flow rules that were added.");
        _meter.CreateObservableUpDownCounter("zcrx.rebalancing.rules", () => _tree.Steering.Values.Sum(static steering => steering.Value.Rules), "{rule}", "Flow rules that currently exist.");
        _meter.CreateObservableUpDownCounter("zcrx.rebalancing.degraded", () => _tree.Rebalancing.Value.Degraded.Count, "{connection}", "Connections whose payload is currently copied, and for which the rebalancer has no remedy.");
        _meter.CreateObservableUpDownCounter(
            "zcrx.listener.connection.count",
            () => _tree.Listeners.Value.Select(static listener => new Measurement<int>(listener.Connections, new KeyValuePair<string, object?>("zcrx.listener.name", listener.Name))),
            "{connection}",
            "Open connections of a listener.");
    }

    private IEnumerable<QueueSnapshot> Queues => _tree.Queues.Select(static queue => queue.Value);

    public void Dispose() => _meter.Dispose();

    private void Count(string name, string unit, string description, Func<QueueTotals, long> select) => _meter.CreateObservableCounter(
        name,
        () => Queues.Select(queue => new Measurement<long>(select(queue.Totals()), Tags(queue))),
        unit,
        description);

    private void Time(string name, string description, Func<QueueTotals, TimeSpan> value) => _meter.CreateObservableCounter(
        name, () => Queues.Select(queue => new Measurement<double>(value(queue.Totals()).TotalSeconds, Tags(queue))), "s", description);

    private void Level(string name, string unit, string description, Func<QueueStatistics, long> select) =>
        _meter.CreateObservableUpDownCounter(name, () => Present(select), unit, description);

    private IEnumerable<Measurement<long>> Present(Func<QueueStatistics, long> select)
    {
        foreach (QueueSnapshot queue in Queues)
        {
            if (queue.Snapshot() is { } statistics)
            {
                yield return new Measurement<long>(select(statistics), Tags(queue));
            }
        }
    }

    private IEnumerable<Measurement<int>> Connections()
    {
        foreach (QueueSnapshot queue in Queues)
        {
            if (queue.Snapshot() is { } statistics)
            {
                yield return new Measurement<int>(int.Max(0, statistics.Connections - statistics.PausedConnections), [.. Tags(queue), new("zcrx.connection.state", "active")]);
                yield return new Measurement<int>(statistics.PausedConnections, [.. Tags(queue), new("zcrx.connection.state", "paused")]);
            }
        }
    }

    private IEnumerable<Measurement<long>> Notifications()
    {
        foreach (QueueSnapshot queue in Queues)
        {
            QueueTotals totals = queue.Totals();
            yield return new Measurement<long>(totals.NoBuffersNotifications, [.. Tags(queue), new("zcrx.notification.type", "no_buffers")]);
            yield return new Measurement<long>(totals.CopyNotifications, [.. Tags(queue), new("zcrx.notification.type", "copy")]);
        }
    }

    private IEnumerable<Measurement<long>> TurnBuckets()
    {
        foreach (QueueSnapshot queue in Queues)
        {
            ImmutableArray<long> turns = queue.Totals().TurnsByDuration;
            long sum = 0;
            for (int i = 0; i < (turns.IsDefault ? 0 : turns.Length); i++)
            {
                sum += turns[i];
                yield return new Measurement<long>(sum, [.. Tags(queue), new("le", TurnBounds[i])]);
            }
        }
    }

    private IEnumerable<Measurement<int>> PoolStates()
    {
        foreach (QueueSnapshot queue in Queues)
        {
            if (queue.Snapshot() is { } statistics)
            {
                foreach (PoolPressureLevel level in Enum.GetValues<PoolPressureLevel>())
                {
                    yield return new Measurement<int>(statistics.Pressure == level ? 1 : 0, [.. Tags(queue), new("zcrx.pool.state", AttributeValue.Of(level))]);
                }
            }
        }
    }

    private IEnumerable<Measurement<int>> Storms()
    {
        var storms = _tree.Rebalancing.Value.Storms;
        return Queues.Select(queue => new Measurement<int>(storms.Contains(queue.Name) ? 1 : 0, Tags(queue)));
    }

    private IEnumerable<Measurement<long>> Accepted() => _tree.Listeners.Value.Select(static listener => new Measurement<long>(
        listener.Accepted,
        [
            new("zcrx.listener.name", listener.Name),
            .. listener.EndPoint is { } bound
                ? [new("server.address", bound.Address.ToString()), new("server.port", bound.Port)]
                : Array.Empty<KeyValuePair<string, object?>>(),
        ]));

    private static KeyValuePair<string, object?>[] OpenTags(QueueSnapshot queue) =>
    [
        .. Tags(queue),
        new("zcrx.engine", AttributeValue.Of(queue.Engine)),
    ];

    // The attributes of the interface add no further series, because a queue has only one RX queue.
    private static KeyValuePair<string, object?>[] Tags(QueueSnapshot queue) =>
    [
        new("zcrx.queue.name", queue.Name),
        .. queue.Options.Interface is { } name ? [new("network.interface.name", name), new("zcrx.rx_queue", queue.Options.RxQueue)] : Array.Empty<KeyValuePair<string, object?>>(),
    ];
}
