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

/// <summary>Represents a tree of actors for other threads: the snapshots that its actors publish, its listeners' sockets, and its end.</summary>
/// <remarks>It exists before the actors and outlives them. No actor reads the state of another one here, except the supervisor for its status.</remarks>
internal sealed class ZcrxTree
{
    private readonly TimeProvider _time;

    /// <param name="options">The options. They may be completed with the actor system's configuration until the supervisor starts.</param>
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

    /// <summary>Gets the options that apply now. Published by the supervisor.</summary>
    public Published<ZcrxOptions> Options { get; }

    /// <summary>Gets the queues in the order of the options. Each is published by its own supervisor.</summary>
    public ImmutableArray<Published<QueueSnapshot>> Queues { get; }

    /// <summary>Gets the listeners in the order of the options, then those that were added. Published by the supervisor.</summary>
    public Published<ImmutableList<ListenerSlot>> Listeners { get; }

    /// <summary>Gets the bound addresses of the listeners. Published by the supervisor.</summary>
    public Published<ListenerEndPoints> EndPoints { get; } = new(new ListenerEndPoints([]));

    /// <summary>Gets the ports of a predecessor that no listener has yet.</summary>
    public KeptPorts KeptPorts { get; } = new();

    /// <summary>Gets the actions of the rebalancer. Published by its actor.</summary>
    public Published<RebalancingSnapshot> Rebalancing { get; } = new(RebalancingSnapshot.Empty);

    /// <summary>Gets the steering by interface. Each part is published by the steering actor of the interface.</summary>
    public ImmutableSortedDictionary<string, Published<SteeringSnapshot>> Steering { get; }

    /// <summary>Gets the connections that are served.</summary>
    public ConnectionDirectory Connections { get; } = new();

    public TreeEnd End { get; }

    /// <summary>Gets the counts that no snapshot has.</summary>
    public Tally Tally { get; } = new();

    /// <summary>Completes a status with that of the queues and of the rebalancing.</summary>
    /// <param name="own">The supervisor's part.</param>
    /// <param name="includesConnections">Whether the queues list their connections.</param>
    public ZcrxStatus Complete(ZcrxStatus own, bool includesConnections)
    {
        ILookup<string, ConnectionStatus>? connections = includesConnections ? Connections.Snapshot() : null;
        return own with { Queues = [.. Queues.Select(queue => queue.Value.ToStatus(connections))], Rebalancing = RebalancingStatus() };
    }

    /// <summary>Returns the status of the rebalancing.</summary>
    public RebalancingStatus RebalancingStatus() => Rebalancing.Value.ToStatus([.. Steering.Values.Select(static steering => steering.Value)]);

    /// <summary>Makes the end of the actor system wait for the end of the tree. Called before the supervisor is created.</summary>
    public void HoldTermination(ActorSystem system) => End.HoldTermination(system, () =>
    {
        CloseListeners();
        return new ZcrxStatus { State = ZcrxState.Stopped, Time = _time.GetUtcNow() };
    });

    /// <summary>Closes the sockets of listeners whose actors never started.</summary>
    public void CloseListeners()
    {
        foreach (ListenerSlot listener in Listeners.Value)
        {
            listener.Close();
        }
    }
}
