using System.Diagnostics;
using Akka.Actor;
using Zcrx.Rx;

namespace Zcrx.Actors.Diagnostics;

/// <summary>Counts events for the metrics. Traces each period of pool pressure and each copy storm as one activity.</summary>
internal sealed class EventTally : ReceiveActor
{
    private const string Pressure = "zcrx.pool.pressure";
    private const string Storm = "zcrx.rebalancing.storm";
    private const string State = "zcrx.pool.state";

    private readonly Dictionary<(string Name, string Queue), Activity> _episodes = [];
    private readonly IActorRef _supervisor;

    public EventTally(Tally tally, IActorRef supervisor)
    {
        _supervisor = supervisor;
        Receive<ZcrxEvent.ConsumerFaulted>(tally.OnFaulted);
        Receive<ZcrxEvent.LimitActed>(acted => tally.OnLimit(acted.Report));
        Receive<ZcrxEvent.PressureChanged>(changed => OnPressure(changed.Pressure));
        Receive<RebalanceEvent.StormBegan>(began => Begin(Storm, began.Queue)?.SetTag("zcrx.copied.share", began.CopiedShare));
        Receive<RebalanceEvent.StormEnded>(ended => End(Storm, ended.Queue));
        // A queue that is opened again has a new pool, so the pressure of the old pool has ended.
        Receive<ZcrxEvent.QueueRestarting>(restarting => End(Pressure, restarting.Queue));
        Receive<ZcrxEvent.QueueFailed>(failed => End(Pressure, failed.Queue));
        Receive<ZcrxEvent.QueueStopped>(stopped => End(Pressure, stopped.Queue));
        Receive<Terminated>(_ => Context.Stop(Self));
    }

    protected override void PreStart()
    {
        Context.Watch(_supervisor);
        foreach (Type type in new[]
        {
            typeof(ZcrxEvent.ConsumerFaulted), typeof(ZcrxEvent.LimitActed), typeof(ZcrxEvent.PressureChanged), typeof(RebalanceEvent.StormBegan), typeof(RebalanceEvent.StormEnded),
            typeof(ZcrxEvent.QueueRestarting), typeof(ZcrxEvent.QueueFailed), typeof(ZcrxEvent.QueueStopped),
        })
        {
            Context.System.EventStream.Subscribe(Self, type);
        }
    }

    protected override void PostStop()
    {
        Context.System.EventStream.Unsubscribe(Self);
        foreach (Activity activity in _episodes.Values)
        {
            activity.End();
        }
    }

    private void OnPressure(PoolPressure pressure)
    {
        if (pressure.Level == PoolPressureLevel.Normal)
        {
            End(Pressure, pressure.Queue);
        }
        else if (Begin(Pressure, pressure.Queue) is { } episode && episode.GetTagItem(State) is not "exhausted")
        {
            // Keeps the highest level of the period. A later, lower level must not hide that the pool was exhausted.
            episode.SetTag(State, AttributeValue.Of(pressure.Level));
        }
    }

    private Activity? Begin(string name, string queue)
    {
        if (!_episodes.TryGetValue((name, queue), out Activity? episode) && (episode = ZcrxActivities.Begin(name, queue)) is not null)
        {
            _episodes.Add((name, queue), episode);
        }

        return episode;
    }

    private void End(string name, string queue)
    {
        if (_episodes.Remove((name, queue), out Activity? episode))
        {
            episode.End();
        }
    }
}
