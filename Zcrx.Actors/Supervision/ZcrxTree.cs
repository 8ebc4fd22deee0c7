using System.Collections.Immutable;
using Akka.Actor;
using Zcrx.Actors.Connections;
using Zcrx.Actors.Diagnostics;
using Zcrx.Actors.Listening;
using Zcrx.Actors.Messages;
using Zcrx.Actors.Queues;
using Zcrx.Actors.Rebalancing;
using Zcrx.Interop;

namespace Zcrx.Actors.Supervision;

/// <summary>
/// Makes an actor tree accessible to other threads. Contains the snapshots that the actors publish, the sockets of the listeners, and the
/// end of the tree.
/// </summary>
/// <remarks>
/// The object exists before the actors and outlives them. Actors read the state of other actors only as published snapshots.
/// </remarks>
internal sealed class ZcrxTree
{
    private readonly TimeProvider _time;

    /// <param name="options">The options. The supervisor completes them from the configuration of its actor system.</param>
    /// <param name="directory">Receives the open queues.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="ZcrxConfigurationException">The options are invalid.</exception>
    public ZcrxTree(ZcrxOptions options, QueueDirectory directory, TimeProvider time)
    {
        ZcrxConfigurationException.ThrowIfAny(options.Validate());
        _time = time;
        IReadOnlyList<Rx.ZcrxQueueOptions> queues = options.EffectiveQueues();
        Options = new Published<ZcrxOptions>(options);
        Queues = [.. queues.Select(static queue => new Published<QueueSnapshot>(new QueueSnapshot { Options = queue }))];
        Listeners = new Published<ImmutableList<ListenerSlot>>([.. options.Listeners.Select(static listener => new ListenerSlot(listener))]);
        Steering = queues.Select(static queue => queue.Interface).OfType<string>().Distinct(StringComparer.Ordinal)
            .ToImmutableSortedDictionary(static name => name, static _ => new Published<SteeringSnapshot>(new SteeringSnapshot()), StringComparer.Ordinal);
        End = new TreeEnd(Connections, directory);
    }

    /// <summary>Gets the current options. Published by the supervisor.</summary>
    public Published<ZcrxOptions> Options { get; }

    /// <summary>Gets the queues in the order of the options. Each snapshot is published by the supervisor of its queue.</summary>
    public ImmutableArray<Published<QueueSnapshot>> Queues { get; }

    /// <summary>Gets the configured listeners in the order of the options, then the added listeners. Published by the supervisor.</summary>
    public Published<ImmutableList<ListenerSlot>> Listeners { get; }

    /// <summary>Gets the bound addresses of the listeners. Published by the supervisor.</summary>
    public Published<ListenerEndPoints> EndPoints { get; } = new(new ListenerEndPoints([]));

    /// <summary>Gets the ports of a predecessor that no listener has taken yet.</summary>
    public KeptPorts KeptPorts { get; } = new();

    /// <summary>Gets the actions and observations of the rebalancer. Published by the <see cref="RebalancerActor"/>.</summary>
    public Published<RebalancingSnapshot> Rebalancing { get; } = new(RebalancingSnapshot.Empty);

    /// <summary>
    /// Gets the flow rules and changed RSS tables by interface. Each snapshot is published by the steering actor of its interface.
    /// </summary>
    public ImmutableSortedDictionary<string, Published<SteeringSnapshot>> Steering { get; }

    /// <summary>Gets the connections of the service.</summary>
    public ConnectionDirectory Connections { get; } = new();

    public TreeEnd End { get; }

    /// <summary>Gets the counts of closed connections, exceptions of consumers, and enforced limits.</summary>
    public Tally Tally { get; } = new();

    /// <summary>Adds the status of the queues and of the rebalancing to a status.</summary>
    /// <param name="own">The status of the supervisor and of the listeners.</param>
    /// <param name="includesConnections">True to list the connections of the queues.</param>
    public ZcrxStatus Complete(ZcrxStatus own, bool includesConnections)
    {
        ILookup<string, ConnectionStatus>? connections = includesConnections ? Connections.Snapshot() : null;
        return own with { Queues = [.. Queues.Select(queue => queue.Value.ToStatus(connections))], Rebalancing = RebalancingStatus() };
    }

    /// <summary>Returns the status of the rebalancing.</summary>
    public RebalancingStatus RebalancingStatus() => Rebalancing.Value.ToStatus([.. Steering.Values.Select(static steering => steering.Value)]);

    /// <summary>Delays the end of the actor system until the actor tree has ended. Called before the supervisor is created.</summary>
    public void HoldTermination(ActorSystem system) => End.HoldTermination(system, () =>
    {
        CloseListeners();
        return new ZcrxStatus { State = ZcrxState.Stopped, Time = _time.GetUtcNow() };
    });

    /// <summary>Closes the sockets of all listeners. Called if their actors never started.</summary>
    public void CloseListeners()
    {
        foreach (ListenerSlot listener in Listeners.Value)
        {
            listener.Close();
        }
    }
}
