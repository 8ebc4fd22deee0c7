using System.Collections.Immutable;
using Akka.Actor;
using Microsoft.Extensions.Logging;
using Zcrx.Actors.Connections;
using Zcrx.Actors.Listening;
using Zcrx.Actors.Queues;
using Zcrx.Actors.Rebalancing;
using Zcrx.Rx;

namespace Zcrx.Actors.Supervision;

/// <summary>Creates the props of the supervisor's children.</summary>
internal sealed class TreeActors
{
    private readonly ZcrxTree _tree;
    private readonly IncomingQueues _incoming;
    private readonly QueueDirectory _directory;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ZcrxQueueGroup _group = new();
    private readonly ConnectionIntake _intake;

    public TreeActors(ZcrxTree tree, IncomingQueues incoming, QueueDirectory directory, TimeProvider time, ILogger logger, ConnectionReports reports)
    {
        (_tree, _incoming, _directory, _time, _logger) = (tree, incoming, directory, time, logger);
        _intake = new ConnectionIntake(tree.Options, _group, tree.Connections, reports);
    }

    private ZcrxOptions Options => _tree.Options.Value;

    public Props Listener(ListenerSlot slot) => OfThis(Props.Create(() => new ListenerActor(slot, _intake, _tree.End.Outstanding)));

    public Props Queue(QueueEntry queue, Exception? failure)
    {
        OutstandingWork outstanding = _tree.End.OutstandingOf(queue.ActorName);
        return OfThis(Props.Create(() => new QueueSupervisor(
            queue.Published, Options, _group, _incoming, _directory, outstanding, _time, _logger, failure)));
    }

    /// <summary>Creates the props of a steering actor, which runs on a dispatcher for blocking actors.</summary>
    private Props Steering(string networkInterface)
    {
        OutstandingWork outstanding = _tree.End.OutstandingOf($"steering of {networkInterface}");
        return Props.Create(() => new SteeringActor(networkInterface, _tree.Queues, Options.Rebalancing, _tree.Steering[networkInterface], outstanding, _logger))
            .WithDeploy(Deploy.Local).WithDispatcher(SteeringActor.DispatcherId);
    }

    /// <summary>Starts a steering actor for each interface.</summary>
    public IReadOnlyDictionary<string, IActorRef> StartSteering(IActorContext context) => _tree.Steering.Keys
        .Select((name, index) => KeyValuePair.Create(name, context.ActorOf(Steering(name), $"steering-{index}")))
        .ToImmutableSortedDictionary(StringComparer.Ordinal);

    public Props Rebalancer(IReadOnlyDictionary<string, IActorRef> steering) => OfThis(Props.Create(() => new RebalancerActor(
        _tree.Queues, steering, _group, Options.Rebalancing, _tree.Rebalancing, _time, _logger)));

    /// <summary>
    /// Marks props as local, and sets the configured dispatcher. Akka must not serialize the arguments of these actors, because they are
    /// objects of this process.
    /// </summary>
    private Props OfThis(Props props)
    {
        Props local = props.WithDeploy(Deploy.Local);
        return Options.Dispatcher is { Length: > 0 } dispatcher ? local.WithDispatcher(dispatcher) : local;
    }
}
