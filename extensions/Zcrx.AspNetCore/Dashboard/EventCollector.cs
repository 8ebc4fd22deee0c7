using Akka.Actor;
using Zcrx.Actors;

namespace Zcrx.AspNetCore.Dashboard;

/// <summary>Collects the events of the actor system's event stream for the timeline.</summary>
internal sealed class EventCollector : ReceiveActor
{
    private readonly IZcrx _zcrx;

    public EventCollector(EventTimeline timeline, IZcrx zcrx)
    {
        _zcrx = zcrx;
        Receive<ZcrxEvent>(message =>
        {
            if (EventText.Of(message) is { } item)
            {
                timeline.Add(item);
            }
        });
        Receive<ZcrxStatus>(status =>
        {
            foreach (QueueStatus queue in status.Queues.Where(static queue => queue.State == QueueState.Open))
            {
                timeline.Add(new EventText("good", "QueueOpened", $"Queue {queue.Name} is open with engine {queue.Engine?.Name}.", queue.Name), queue.OpenSince);
            }
        });
        // The request for the overview failed. The timeline lacks the opened queues, but the next snapshot of the page shows their state.
        Receive<Status.Failure>(static _ => { });
    }

    protected override void PreStart()
    {
        foreach (Type type in EventText.Types)
        {
            Context.System.EventStream.Subscribe(Self, type);
        }

        // This actor has missed the events before its start. The overview contains the queues that are already open.
        _ = _zcrx.GetOverviewAsync().PipeTo(Self);
    }

    protected override void PostStop() => Context.System.EventStream.Unsubscribe(Self);
}
