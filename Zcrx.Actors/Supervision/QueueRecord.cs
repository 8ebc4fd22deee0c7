using System.Diagnostics;
using Akka.Actor;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Supervision;

/// <summary>What the supervisor knows about one queue. Used by the supervisor only.</summary>
internal sealed class QueueRecord(QueueSlot slot, ZcrxRestartOptions restart)
{
    public QueueSlot Slot { get; } = slot;

    public RestartMachine Restart { get; } = new(restart);

    /// <summary>Those who asked for a restart and wait for its outcome.</summary>
    public List<IActorRef> Waiting { get; } = [];

    public IActorRef? Actor { get; set; }

    /// <summary>Whether the actor is being stopped and gets no more messages.</summary>
    public bool IsEnding { get; set; }

    public QueueState State { get; set; } = QueueState.Opening;

    public Exception? LastError { get; set; }

    public DateTimeOffset? OpenSince { get; set; }

    /// <summary>A restart that is under way.</summary>
    public Activity? Restarting { get; set; }

    public TimeSpan? Delay { get; set; }

    /// <summary>The open queue, for listeners that come or come again.</summary>
    public ZcrxQueue? Ready { get; set; }

    /// <summary>Whether the actor was told to end so that another takes its place.</summary>
    public bool IsReplaced { get; set; }

    /// <summary>Why the actor that is ending has failed; null when it was told to end.</summary>
    public Exception? Failure { get; set; }

    /// <summary>Sends a message to the actor, unless it is ending.</summary>
    public void Tell(InterfaceQueueActor.Stop message)
    {
        if (!IsEnding && Failure is null)
        {
            Actor?.Tell(message);
        }
    }

    public QueueStatus ToStatus(ILookup<string, ConnectionStatus>? connections = null)
    {
        QueueStatistics? statistics = Slot.Snapshot();
        return new QueueStatus
        {
            Name = Slot.Name,
            State = State,
            Engine = Slot.Engine,
            Restarts = Slot.Restarts,
            LastError = LastError,
            RestartDelay = Delay,
            OpenSince = State == QueueState.Open ? OpenSince : null,
            Notifications = State == QueueState.Open && statistics is not null
                ? [
                    new NotificationStatus(ZcrxNotificationType.NoBuffers, statistics.NoBuffersArmState, statistics.NoBuffersNotifications),
                    new NotificationStatus(ZcrxNotificationType.Copy, statistics.CopyArmState, statistics.CopyNotifications),
                ]
                : [],
            Connections = connections is null ? [] : [.. connections[Slot.Name]],
            Statistics = statistics,
        };
    }
}
