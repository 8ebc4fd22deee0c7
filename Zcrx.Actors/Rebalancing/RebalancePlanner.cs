using System.Globalization;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Rebalancing;

/// <summary>Plans the actions that rebalance queues. The same facts always give the same plan.</summary>
/// <remarks>
/// <para>
/// A copied connection moves to the managed queue on which its packets arrive. If the packets arrive on an unmanaged RX queue, they are
/// steered to the least loaded managed queue. If they cannot be steered, the plan contains the reason.
/// </para>
/// <para>
/// One connection of a queue under pressure moves to a queue with little load. The load of the target after the move must be clearly lower
/// than the load of the source before it.
/// </para>
/// </remarks>
internal sealed class RebalancePlanner
{
    // The load of the target after a move must be lower by this fraction than the load of the source before it. Without a margin, noise
    // would move connections back and forth.
    private const double Margin = 0.1;

    private readonly RebalanceFacts _facts;
    private readonly Dictionary<string, QueueFacts> _queues;
    private readonly Dictionary<RxQueueId, QueueFacts> _owners;
    // The load of each queue after the actions that are planned so far.
    private readonly Dictionary<string, double> _loads;
    private readonly Dictionary<string, int> _freeRules;
    private readonly List<RebalanceStep> _steps = [];
    private readonly Dictionary<long, string> _degraded = [];
    private readonly HashSet<string> _newTables = [];
    // Queues to which this plan moves a connection. Pressure on another queue moves no further connection to them, because the effect of
    // the first one on their pools is not known yet.
    private readonly HashSet<string> _receivers = [];
    private int _actionsLeft;

    private RebalancePlanner(RebalanceFacts facts)
    {
        _facts = facts;
        _queues = facts.Queues.ToDictionary(static queue => queue.Name, StringComparer.Ordinal);
        _owners = facts.Queues.Where(static queue => queue.RxQueue is not null).ToDictionary(static queue => queue.RxQueue!.Value);
        _loads = facts.Queues.ToDictionary(static queue => queue.Name, static queue => queue.Load, StringComparer.Ordinal);
        _freeRules = facts.Interfaces.ToDictionary(static pair => pair.Key, static pair => pair.Value.FreeRules, StringComparer.Ordinal);
        _actionsLeft = facts.MaxActions;
    }

    public static RebalancePlan Plan(RebalanceFacts facts)
    {
        RebalancePlanner planner = new(facts);
        planner.PlanTables();
        // The connections with the highest load come first, because the actions and flow rules may not suffice for all.
        foreach (ConnectionFacts connection in facts.Connections.OrderByDescending(static connection => connection.Load).ThenBy(static connection => connection.Id))
        {
            if (planner._queues.TryGetValue(connection.Queue, out QueueFacts? queue) && queue.IsStormy)
            {
                planner.PlanCopied(connection, queue);
            }
        }

        foreach (QueueFacts queue in facts.Queues)
        {
            if (queue is { IsPressed: true, IsStormy: false })
            {
                planner.Relieve(queue);
            }
        }

        return new RebalancePlan(planner._steps, planner._degraded);
    }

    /// <summary>
    /// Plans new RSS tables if flow rules do not suffice and the options permit it. The new table distributes the buckets of unmanaged RX
    /// queues evenly over the managed queues.
    /// </summary>
    private void PlanTables()
    {
        if (_facts.Steering != FlowSteeringPermission.RssTable)
        {
            return;
        }

        foreach ((string name, InterfaceFacts facts) in _facts.Interfaces.Where(static pair => !pair.Value.IsSteeredByHost))
        {
            int astray = _facts.Connections.Count(connection =>
                connection.Arrival is { } arrival && arrival.Interface == name && !_owners.ContainsKey(arrival) && _queues.TryGetValue(connection.Queue, out QueueFacts? queue) && queue.IsStormy);
            int[] ours = [.. _facts.Queues.Where(queue => queue.RxQueue?.Interface == name).OrderBy(static queue => queue.Load).Select(static queue => queue.RxQueue!.Value.Queue)];
            if (astray <= facts.FreeRules || ours.Length == 0 || facts.RssTable.All(ours.Contains))
            {
                continue;
            }

            int next = 0;
            int[] table = [.. facts.RssTable.Select(queue => ours.Contains(queue) ? queue : ours[next++ % ours.Length])];
            if (TryAdd(new RebalanceAction.ReplaceRssTable(name, table)))
            {
                _newTables.Add(name);
            }
        }
    }

    private void PlanCopied(ConnectionFacts connection, QueueFacts queue)
    {
        if (connection.Load <= 0 || connection.IsResting || connection.Arrival == queue.RxQueue)
        {
            return;
        }

        if (connection.Arrival is not { } arrival)
        {
            _degraded[connection.Id] = IsSteeredByHost(queue.RxQueue)
                ? "only the host of this container knows the RX queue of its packets, and steering belongs to the host"
                : "the RX queue of its packets is not known";
        }
        else if (_owners.TryGetValue(arrival, out QueueFacts? owner))
        {
            PlanTowards(connection, queue, owner);
        }
        else if (_newTables.Contains(arrival.Interface))
        {
            // With the new table, the packets will arrive on a managed queue. A later plan handles the connection.
        }
        else
        {
            PlanSteering(connection, queue, arrival);
        }
    }

    /// <summary>
    /// Plans the move of a connection to the managed queue on which its packets arrive, if moves are permitted. Without a plan, the
    /// connection still moves once the memory of that queue contains some of its payload.
    /// </summary>
    private void PlanTowards(ConnectionFacts connection, QueueFacts queue, QueueFacts owner)
    {
        if (_facts.MovesAllowed && TryAdd(new RebalanceAction.MoveConnection(connection.Id, queue.Name, owner.Name, MoveReason.CopyStorm)))
        {
            Shift(connection.Load, queue, owner);
        }
    }

    /// <summary>
    /// Plans to steer a connection to the least loaded managed queue, because its packets arrive on an unmanaged RX queue.
    /// </summary>
    private void PlanSteering(ConnectionFacts connection, QueueFacts queue, RxQueueId arrival)
    {
        QueueFacts[] candidates = [.. _facts.Queues.Where(candidate => candidate.RxQueue?.Interface == arrival.Interface && (_facts.MovesAllowed || candidate == queue))];
        QueueFacts? target = candidates.MinBy(candidate => (!candidate.HasRoom, _loads[candidate.Name] + (candidate == queue ? 0 : connection.Load), candidate != queue));
        if (target is null)
        {
            _degraded[connection.Id] = $"its packets arrive on {arrival}, and no queue of that interface is managed or may receive the connection";
        }
        else if (WhyNotSteered(connection, arrival, target.RxQueue) is { } why)
        {
            _degraded[connection.Id] = $"its packets arrive on {arrival}, which is an unmanaged RX queue, and {why}";
        }
        else if (target == queue)
        {
            TrySteer(connection, target.RxQueue!.Value);
        }
        else if (TryAdd(
            // The connection moves first, then its packets. Until then, the kernel copies the payload. In the other order, payload would
            // arrive in memory that the receiving queue cannot read.
            new RebalanceAction.MoveConnection(connection.Id, queue.Name, target.Name, MoveReason.CopyStorm),
            Steer(connection, target.RxQueue!.Value)))
        {
            _freeRules[arrival.Interface]--;
            Shift(connection.Load, queue, target);
        }
    }

    /// <summary>Plans to move one connection away from a queue under lasting pressure, if another queue has clearly less load.</summary>
    private void Relieve(QueueFacts queue)
    {
        if (!_facts.MovesAllowed)
        {
            return;
        }

        QueueFacts? target = _facts.Queues
            .Where(candidate => candidate != queue && !_receivers.Contains(candidate.Name) && candidate is { HasRoom: true, IsStormy: false } && candidate.RxQueue?.Interface == queue.RxQueue?.Interface)
            .MinBy(candidate => _loads[candidate.Name]);
        if (target is null || _loads[target.Name] > _loads[queue.Name] / 2)
        {
            return;
        }

        double gap = _loads[queue.Name] - _loads[target.Name];
        ConnectionFacts? connection = _facts.Connections
            .Where(candidate => candidate.Queue == queue.Name && candidate.Load > 0 && !candidate.IsResting)
            .Where(candidate => candidate.Load <= gap - (Margin * _loads[queue.Name]))
            // Chooses the connection whose load is closest to half of the difference, because this makes the loads most equal.
            .MinBy(candidate => (Math.Abs(candidate.Load - (gap / 2)), candidate.Id));
        if (connection is null)
        {
            return;
        }

        RebalanceAction.MoveConnection move = new(connection.Id, queue.Name, target.Name, MoveReason.Pressure);
        if (target.RxQueue is not { } rxQueue || connection.Arrival == rxQueue)
        {
            if (TryAdd(move))
            {
                Shift(connection.Load, queue, target);
            }
        }
        else if (connection.Arrival is { } arrival && WhyNotSteered(connection, arrival, rxQueue) is null && TryAdd(move, Steer(connection, rxQueue)))
        {
            _freeRules[rxQueue.Interface]--;
            Shift(connection.Load, queue, target);
        }
    }

    private void TrySteer(ConnectionFacts connection, RxQueueId to)
    {
        if (TryAdd(Steer(connection, to)))
        {
            _freeRules[to.Interface]--;
        }
    }

    /// <summary>Returns the reason why packets cannot be steered to a queue, as a clause; null if they can be steered.</summary>
    private string? WhyNotSteered(ConnectionFacts connection, RxQueueId arrival, RxQueueId? to) => (connection, to) switch
    {
        _ when _facts.Steering == FlowSteeringPermission.Forbidden => "steering is forbidden",
        _ when IsSteeredByHost(arrival) => "steering belongs to the host of this container",
        (_, null) => "its queue has no NIC",
        _ when to.Value.Interface != arrival.Interface => $"its queue belongs to {to.Value.Interface}",
        ({ SteeredTo: { } steered }, _) when steered != arrival => $"the flow rule that sends them to {steered} has no effect",
        ({ Local: null } or { Remote: null }, _) => "its addresses are not known",
        _ when _freeRules.GetValueOrDefault(arrival.Interface) <= 0 => string.Create(CultureInfo.InvariantCulture, $"{arrival.Interface} has no room for another flow rule, or cannot have any"),
        _ => null,
    };

    private bool IsSteeredByHost(RxQueueId? queue) => queue is { } known && _facts.Interfaces.TryGetValue(known.Interface, out InterfaceFacts? facts) && facts.IsSteeredByHost;

    private static RebalanceAction.SteerFlow Steer(ConnectionFacts connection, RxQueueId to) => new(
        connection.Id,
        to.Interface,
        new FlowRule(to.Queue, connection.Local!.Port, connection.Remote!.Port, connection.Local.Address, connection.Remote.Address));

    private void Shift(double load, QueueFacts from, QueueFacts to)
    {
        _loads[from.Name] -= load;
        _loads[to.Name] += load;
        _receivers.Add(to.Name);
    }

    private bool TryAdd(params RebalanceAction[] actions)
    {
        if (actions.Length > _actionsLeft)
        {
            return false;
        }

        _actionsLeft -= actions.Length;
        _steps.Add(new RebalanceStep(actions));
        return true;
    }
}
