using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Rebalancing;

/// <summary>
/// Decides which queues are rebalanced, and when. Evaluates samples of queue counters and readings of connections. The caller passes the
/// time.
/// </summary>
internal sealed class RebalanceMachine(ZcrxRebalancingOptions options)
{
    private readonly Dictionary<string, QueueWatch> _queues = new(StringComparer.Ordinal);
    private readonly Dictionary<long, ConnectionWatch> _connections = [];
    private readonly Dictionary<string, int> _rules = new(StringComparer.Ordinal);
    // Interfaces that have refused a flow rule.
    private readonly HashSet<string> _ruleless = new(StringComparer.Ordinal);
    private readonly HashSet<string> _hostSteered = new(StringComparer.Ordinal);

    /// <summary>Evaluates a sample of the counters of an open queue.</summary>
    public StormChange Observe(TimeSpan now, string queue, RxQueueId? rxQueue, long received, long copied, PoolPressureLevel pressure)
    {
        if (!_queues.TryGetValue(queue, out QueueWatch? watch) || watch.RxQueue != rxQueue)
        {
            _queues[queue] = watch = new QueueWatch(queue, rxQueue, options);
        }

        return watch.Observe(now, received, copied, pressure);
    }

    /// <summary>Forgets a queue that is closed.</summary>
    public void Forget(string queue) => _queues.Remove(queue);

    /// <summary>Returns the copied fraction of the bytes that a queue received in the last evaluated sample.</summary>
    public double CopiedShareOf(string queue) => _queues.TryGetValue(queue, out QueueWatch? watch) ? watch.CopiedShare : 0;

    /// <summary>
    /// Determines whether the connections of a queue must be read. Reading begins with the first sign of a storm or of pressure, because
    /// two readings are needed to know the load of a connection.
    /// </summary>
    public bool IsOfInterest(string queue) => _queues.TryGetValue(queue, out QueueWatch? watch) && watch.IsOfInterest;

    /// <summary>Returns a plan. The plan is empty if no queue needs an action.</summary>
    /// <param name="now">The time of a monotonic clock.</param>
    /// <param name="readings">The connections of the queues that may need an action.</param>
    /// <param name="tables">The known RSS tables by the names of their interfaces. An unknown table is not replaced.</param>
    public RebalancePlan Plan(TimeSpan now, IReadOnlyCollection<ConnectionReading> readings, IReadOnlyDictionary<string, IReadOnlyList<int>> tables)
    {
        List<ConnectionFacts> connections = [.. readings.Select(reading => Read(now, reading)).OfType<ConnectionFacts>()];
        QueueFacts[] queues = [.. _queues.Values.Select(watch => watch.ToFacts(now))];
        // The load of a connection is known only after two readings. A queue without a connection of known load gets no action yet.
        HashSet<string> known = [.. connections.Select(static connection => connection.Queue)];
        queues = [.. queues.Select(queue => known.Contains(queue.Name) ? queue : queue with { IsStormy = false, IsPressed = false })];
        if (!queues.Any(static queue => queue.IsStormy || queue.IsPressed))
        {
            return new RebalancePlan([], new Dictionary<long, string>());
        }

        RebalancePlan plan = RebalancePlanner.Plan(new RebalanceFacts
        {
            Queues = queues,
            Connections = connections,
            Interfaces = queues.Select(static queue => queue.RxQueue?.Interface).OfType<string>().Distinct().ToDictionary(
                static name => name, name => new InterfaceFacts(tables.GetValueOrDefault(name, []), FreeRules(name), _hostSteered.Contains(name))),
            MovesAllowed = options.AllowMoves,
            Steering = options.Steering,
            MaxActions = options.MaxActionsPerInterval,
        });
        foreach (QueueFacts queue in queues)
        {
            if (queue.IsStormy || queue.IsPressed)
            {
                _queues[queue.Name].Acted(now);
            }
        }

        foreach (RebalanceAction action in plan.Actions)
        {
            if (ConnectionOf(action) is { } id && _connections.TryGetValue(id, out ConnectionWatch? watch))
            {
                watch.RestUntil = now + options.CoolDown;
            }
        }

        return plan;
    }

    /// <summary>Records that a flow rule was added for a connection. It replaces an earlier rule of the connection.</summary>
    public void Steered(long connection, RxQueueId to)
    {
        Unsteered(connection);
        if (_connections.TryGetValue(connection, out ConnectionWatch? watch))
        {
            watch.SteeredTo = to;
            _rules[to.Interface] = _rules.GetValueOrDefault(to.Interface) + 1;
        }
    }

    /// <summary>Records that the flow rule of a connection was removed. Does nothing if the connection had none.</summary>
    public void Unsteered(long connection)
    {
        if (_connections.TryGetValue(connection, out ConnectionWatch? watch) && watch.SteeredTo is { } before)
        {
            watch.SteeredTo = null;
            _rules[before.Interface]--;
        }
    }

    /// <summary>Records that an interface has refused a flow rule. No further rule is planned for this interface.</summary>
    public void RefusesRules(string networkInterface) => _ruleless.Add(networkInterface);

    /// <summary>Records that an interface belongs to a container, so only the host can steer its packets.</summary>
    /// <returns>False if this was already recorded.</returns>
    public bool LeaveSteeringToHost(string networkInterface) => _hostSteered.Add(networkInterface);

    /// <summary>Forgets a closed connection and its flow rule.</summary>
    public void Forget(long connection)
    {
        Unsteered(connection);
        _connections.Remove(connection);
    }

    /// <summary>
    /// Forgets the connections that are not in a set, unless they are in their cool-down or have a flow rule. A connection with a flow
    /// rule is forgotten only by <see cref="Forget(long)"/>.
    /// </summary>
    public void KeepOnly(TimeSpan now, IReadOnlySet<long> connections)
    {
        foreach ((long id, ConnectionWatch watch) in _connections)
        {
            if (watch.SteeredTo is null && watch.RestUntil <= now && !connections.Contains(id))
            {
                _connections.Remove(id);
            }
        }
    }

    public static long? ConnectionOf(RebalanceAction action) => action switch
    {
        RebalanceAction.MoveConnection move => move.ConnectionId,
        RebalanceAction.SteerFlow steer => steer.ConnectionId,
        _ => null,
    };

    private int FreeRules(string networkInterface) =>
        _ruleless.Contains(networkInterface) ? 0 : int.Max(0, options.MaxFlowRules - _rules.GetValueOrDefault(networkInterface));

    private ConnectionFacts? Read(TimeSpan now, ConnectionReading reading)
    {
        if (!_connections.TryGetValue(reading.Id, out ConnectionWatch? watch))
        {
            _connections.Add(reading.Id, new ConnectionWatch(reading.BytesReceived, now));
            return null;
        }

        watch.Read(reading.BytesReceived, now);
        return watch.Load is not { } load ? null : new ConnectionFacts(
            reading.Id, reading.Queue, load, reading.Arrival, reading.Local, reading.Remote, watch.SteeredTo, watch.RestUntil > now);
    }
}

/// <summary>Tracks the load, the cool-down and the flow rule of one connection from reading to reading.</summary>
internal sealed class ConnectionWatch(long received, TimeSpan now)
{
    private long _received = received;
    private TimeSpan _read = now;

    /// <summary>Gets the bytes per second between the last two readings; null before the second reading.</summary>
    public double? Load { get; private set; }

    /// <summary>Gets or sets the time until which the connection is not moved or steered again.</summary>
    public TimeSpan RestUntil { get; set; }

    /// <summary>Gets or sets the RX queue to which a flow rule of this process steers the connection; null without a rule.</summary>
    public RxQueueId? SteeredTo { get; set; }

    public void Read(long received, TimeSpan now)
    {
        if (now > _read)
        {
            Load = (received - _received) / (now - _read).TotalSeconds;
            (_received, _read) = (received, now);
        }
    }
}
