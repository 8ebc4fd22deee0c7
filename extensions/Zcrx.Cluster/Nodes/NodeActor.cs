using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.DistributedData;
using Akka.Event;
using Zcrx.Actors;

namespace Zcrx.Cluster.Nodes;

/// <summary>Publishes the status and the events of this node, and collects those of the other nodes.</summary>
internal sealed class NodeActor : ReceiveActor, IWithTimers
{
    /// <summary>The topic on which nodes publish their events.</summary>
    public const string Topic = "zcrx-events";

    private static readonly LWWDictionaryKey<string, ZcrxNodeStatus> Key = new("zcrx-nodes");

    private readonly ClusterView _view;
    private readonly TimeSpan _interval;
    private readonly Task<IActorRef> _starting;
    private readonly TimeProvider _time;
    private readonly Akka.Cluster.Cluster _cluster = Akka.Cluster.Cluster.Get(Context.System);
    private readonly IActorRef _replicator = DistributedData.Get(Context.System).Replicator;
    private readonly IActorRef _mediator = DistributedPubSub.Get(Context.System).Mediator;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly HashSet<string> _members = new(StringComparer.Ordinal);
    private readonly string _node;
    private IReadOnlyDictionary<string, ZcrxNodeStatus> _nodes = new Dictionary<string, ZcrxNodeStatus>(StringComparer.Ordinal);
    private IActorRef? _supervisor;

    /// <param name="view">Holds the collected statuses and events for readers.</param>
    /// <param name="interval">The interval at which the status is published.</param>
    /// <param name="supervisor">
    /// Completes with the supervisor of Zcrx when Zcrx has started. On a node that does not run Zcrx, it never completes.
    /// </param>
    /// <param name="time">The clock from which events get their times.</param>
    public NodeActor(ClusterView view, TimeSpan interval, Task<IActorRef> supervisor, TimeProvider time)
    {
        (_view, _interval, _starting, _time) = (view, interval, supervisor, time);
        _node = _cluster.SelfAddress.ToString();
        Receive<IActorRef>(OnStarted);
        Receive<Look>(_ => OnLook());
        Receive<ZcrxStatus>(OnStatus);
        Receive<ZcrxEvent>(OnEvent);
        Receive<ZcrxNodeEvent>(OnNodeEvent);
        Receive<Changed>(OnChanged);
        Receive<ClusterEvent.MemberRemoved>(message => OnRemoved(message.Member));
        Receive<ClusterEvent.IMemberEvent>(message => OnMember(message.Member));
        Receive<Status.Failure>(failure => _log.Warning(failure.Cause, "Status of Zcrx not available on {0}", _node));
        Receive<SubscribeAck>(static _ => { });
        Receive<IUpdateResponse>(static _ => { });
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        _mediator.Tell(new Akka.Cluster.Tools.PublishSubscribe.Subscribe(Topic, Self));
        _replicator.Tell(Dsl.Subscribe(Key, Self));
        _cluster.Subscribe(Self, ClusterEvent.InitialStateAsEvents, typeof(ClusterEvent.IMemberEvent));
        _ = _starting.PipeTo(Self);
        Timers.StartPeriodicTimer(nameof(Look), Look.Instance, TimeSpan.Zero, _interval);
    }

    protected override void PostStop()
    {
        _cluster.Unsubscribe(Self);
        Context.System.EventStream.Unsubscribe(Self);
        _view.Complete();
    }

    // The base method is not called, because it calls PostStop, which would complete the events and end the subscriptions. The restarted
    // actor must keep them. If it subscribed again while its earlier subscription is being removed, it could lose both.
    protected override void PreRestart(Exception reason, object message)
    {
    }

    private void OnStarted(IActorRef supervisor)
    {
        _supervisor = supervisor;
        Context.System.EventStream.Subscribe(Self, typeof(ZcrxEvent));
        OnLook();
    }

    private void OnLook()
    {
        _supervisor?.Tell(new ZcrxCommand.GetStatus(IncludeConnections: false));
        // Merging distributed data can bring back the status of a removed node. The leader alone removes it again, because one node
        // suffices.
        if (_cluster.State.Leader == _cluster.SelfAddress)
        {
            foreach (string node in _nodes.Keys.Where(node => !_members.Contains(node)))
            {
                _replicator.Tell(Dsl.Update(Key, LWWDictionary<string, ZcrxNodeStatus>.Empty, WriteLocal.Instance, nodes => nodes.Remove(_cluster, node)));
            }
        }
    }

    private void OnStatus(ZcrxStatus status)
    {
        ZcrxNodeStatus node = ZcrxNodeStatus.From(_node, status);
        _replicator.Tell(Dsl.Update(
            Key, LWWDictionary<string, ZcrxNodeStatus>.Empty, WriteLocal.Instance, nodes => nodes.SetItem(_cluster, _node, node)));
    }

    private void OnEvent(ZcrxEvent happened)
    {
        if (ZcrxNodeEvent.From(_node, _time.GetUtcNow(), happened) is { } node)
        {
            _mediator.Tell(new Publish(Topic, node));
        }
    }

    private void OnNodeEvent(ZcrxNodeEvent happened)
    {
        try
        {
            _view.Publish(happened);
        }
#pragma warning disable CA1031 // Code of the application may throw any exception.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _log.Error(exception, "Subscriber of IZcrxCluster.Events failed at event {0} of {1}", happened.Kind, happened.Node);
        }
    }

    private void OnChanged(Changed changed)
    {
        _nodes = changed.Get(Key).Entries;
        Publish();
    }

    private void OnMember(Member member)
    {
        if (_members.Add(member.Address.ToString()))
        {
            Publish();
        }
    }

    private void OnRemoved(Member member)
    {
        if (_members.Remove(member.Address.ToString()))
        {
            Publish();
        }
    }

    private void Publish() => _view.Publish(_nodes.Where(node => _members.Contains(node.Key)));

    private sealed class Look : INoSerializationVerificationNeeded
    {
        public static Look Instance { get; } = new();
    }
}
