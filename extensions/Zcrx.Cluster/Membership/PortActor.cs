using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using Zcrx.Actors;

namespace Zcrx.Cluster.Membership;

/// <summary>
/// Binds one listener of the cluster while this node is Up, and unbinds it when the node leaves. While the node can reach only a minority
/// of the members, the port is closed and its connections are paused.
/// </summary>
internal sealed class PortActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    private readonly ZcrxListenerOptions _listener;
    private readonly PortConnections _connections;
    private readonly TimeSpan _drain;
    private readonly Task<IActorRef> _starting;
    private readonly Akka.Cluster.Cluster _cluster = Akka.Cluster.Cluster.Get(Context.System);
    // The ports always follow keep-majority with this role, even if the split-brain resolver has another strategy.
    private readonly string _role = Context.System.Settings.Config.GetString("akka.cluster.split-brain-resolver.keep-majority.role", "");
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly PortRetry _retry = new();
    private IActorRef? _supervisor;
    private PortState _wanted = PortState.Closed;
    private bool _wasMember;
    private PortState _applied = PortState.Closed;
    private PortState _asked;
    private bool _isBusy;

    /// <param name="listener">The options of the listener, which must have a name.</param>
    /// <param name="connections">Pauses and resumes the listener's connections.</param>
    /// <param name="drain">How long the listener's connections may take to end when the node leaves.</param>
    /// <param name="supervisor">Completes with the supervisor of Zcrx when Zcrx has started.</param>
    public PortActor(ZcrxListenerOptions listener, PortConnections connections, TimeSpan drain, Task<IActorRef> supervisor)
    {
        (_listener, _connections, _drain, _starting) = (listener, connections, drain, supervisor);
        Receive<IActorRef>(OnStarted);
        // Request the whole state after each event, because an event does not contain all unreachable members.
        Receive<ClusterEvent.IClusterDomainEvent>(_ => _cluster.SendCurrentClusterState(Self));
        Receive<Look>(_ => _cluster.SendCurrentClusterState(Self));
        Receive<ClusterEvent.CurrentClusterState>(OnMembers);
        Receive<ZcrxReply.Bound>(_ => OnDone());
        Receive<ZcrxReply.Unbound>(_ => OnDone());
        Receive<ZcrxReply.Failed>(OnFailed);
        Receive<Again>(_ => Reconcile());
        Receive<Terminated>(_ => OnEnded());
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        _ = _starting.PipeTo(Self);
        _cluster.Subscribe(Self, ClusterEvent.InitialStateAsSnapshot, typeof(ClusterEvent.IMemberEvent), typeof(ClusterEvent.IReachabilityEvent));
    }

    protected override void PostStop()
    {
        _cluster.Unsubscribe(Self);
        // After this actor has ended, nothing else would resume the connections.
        _connections.SetPaused(false);
    }

    // A member counts as reachable if this node's own failure detector receives its heartbeats. The state of the cluster also contains
    // broken links between two other nodes, which do not cut off this node.
    private bool IsHeard(Member member) =>
        _cluster.FailureDetector.IsMonitoring(member.Address) && _cluster.FailureDetector.IsAvailable(member.Address);

    private void OnStarted(IActorRef supervisor)
    {
        _supervisor = Context.Watch(supervisor);
        Reconcile();
    }

    private void OnMembers(ClusterEvent.CurrentClusterState state)
    {
        HashSet<Member> unreachable = [.. state.Unreachable.Where(member => !IsHeard(member))];
        ClusterSide side = ClusterSide.Of(state.Members, unreachable, _role);
        // Look again later. This node's failure detector may detect a fault later than that of another node, and no event reports this.
        if (state.Unreachable.Count > 0)
        {
            Timers.StartSingleTimer(nameof(Look), Look.Instance, LookInterval);
        }

        PortState wanted = PortRule.Decide(_cluster.SelfUniqueAddress, state.Members, side, _wasMember);
        _wasMember |= wanted is PortState.Open or PortState.Minority;
        if (wanted == _wanted)
        {
            return;
        }

        if (wanted == PortState.Minority)
        {
            _log.Warning(
                "Listener {0} closes and its connections pause: this node reaches only {1} of {2} members{3}. The port is bound again and they continue when the members can be reached.",
                _listener.Name,
                side.Reachable,
                side.Counted,
                _role.Length == 0 ? "" : $" with the role {_role}");
        }

        _wanted = wanted;
        // Pause the connections at once, before the split-brain resolver decides. If it downs this node, the connections end and do not
        // stay paused.
        _connections.SetPaused(wanted == PortState.Minority);
        Reconcile();
    }

    /// <summary>
    /// Binds or unbinds the listener if its state is not the wanted one. Does nothing while the supervisor's answer to a request is
    /// awaited.
    /// </summary>
    private void Reconcile()
    {
        if (_supervisor is null || _isBusy || _applied == _wanted)
        {
            return;
        }

        if (_wanted != PortState.Open && _applied == PortState.Closed)
        {
            // The port is already closed.
            return;
        }

        _isBusy = true;
        _asked = _wanted;
        _supervisor.Tell(_wanted switch
        {
            PortState.Open => new ZcrxCommand.Bind(_listener),
            PortState.Leaving => new ZcrxCommand.Unbind(_listener.Name!, _drain),
            // Unbind without a drain time, so that the connections stay open. Their frames are acknowledged after the partition, or the
            // node is downed.
            _ => new ZcrxCommand.Unbind(_listener.Name!),
        });
    }

    private void OnDone()
    {
        (_applied, _isBusy) = (_asked, false);
        _retry.Reset();
        Reconcile();
    }

    private void OnFailed(ZcrxReply.Failed failed)
    {
        switch (failed.Reason)
        {
            // The listener does not exist, or Zcrx is stopping and has closed the port. In both cases the port is closed, as requested.
            case ZcrxFailure.NoSuchListener or ZcrxFailure.Stopping or ZcrxFailure.NotAccepting:
                OnDone();
                break;
            // The port accepts no further connections. It closes when the queue that delays it continues. Until then, binding the same port
            // number again fails and is retried.
            case ZcrxFailure.TimedOut when _asked != PortState.Open:
                _log.Warning("Listener {0} is not closed yet: {1}", _listener.Name, failed.Message);
                OnDone();
                break;
            default:
                _isBusy = false;
                TimeSpan interval = _retry.Next(failed.Reason == ZcrxFailure.TimedOut);
                _log.Warning("Could not change listener {0}: {1} Trying again in {2} s.", _listener.Name, failed.Message, interval.TotalSeconds);
                Timers.StartSingleTimer(nameof(Again), Again.Instance, interval);
                break;
        }
    }

    /// <summary>Handles the end of the supervisor. Zcrx has then closed the port, and requests stay unanswered.</summary>
    private void OnEnded() => (_supervisor, _applied, _isBusy) = (null, PortState.Closed, false);

    private sealed class Look : INoSerializationVerificationNeeded
    {
        public static Look Instance { get; } = new();
    }

    private sealed class Again : INoSerializationVerificationNeeded
    {
        public static Again Instance { get; } = new();
    }
}
