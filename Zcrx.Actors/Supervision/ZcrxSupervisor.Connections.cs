using System.Net.Sockets;
using Akka.Actor;
using Zcrx.Actors.Connections;
using Zcrx.Actors.Diagnostics;
using Zcrx.Actors.Supervision;
using Zcrx.Rx;

namespace Zcrx.Actors;

/// <content>Commands about single connections.</content>
public sealed partial class ZcrxSupervisor
{
    private void OnAttachConnection(ZcrxCommand.AttachConnection command)
    {
        if (Refusal(command.Queue, null, out ZcrxQueue? queue) is { } refused)
        {
            Sender.Tell(refused);
            return;
        }

        _ = AttachAsync(command, queue!).PipeTo(Sender, Self);
    }

    private void OnPauseConnection(ZcrxCommand.PauseConnection command) => WithConnection(command.ConnectionId, static served =>
    {
        served.Connection.Pause();
        return new ZcrxReply.Paused(served.ToStatus());
    });

    private void OnResumeConnection(ZcrxCommand.ResumeConnection command) => WithConnection(command.ConnectionId, static served =>
    {
        served.Connection.Resume();
        return new ZcrxReply.Resumed(served.ToStatus());
    });

    private void OnMoveConnection(ZcrxCommand.MoveConnection command)
    {
        if (Refusal(command.Queue, command.ConnectionId, out ZcrxQueue? queue) is { } refused)
        {
            Sender.Tell(refused);
        }
        else if (_runtime.Connections.Find(command.ConnectionId) is { } served)
        {
            _ = MoveAsync(served, queue!).PipeTo(Sender, Self);
        }
        else
        {
            Sender.Tell(NoSuchConnection(command.ConnectionId));
        }
    }

    private void OnDetachConnection(ZcrxCommand.DetachConnection command)
    {
        if (_runtime.Connections.Find(command.ConnectionId) is { } served)
        {
            _ = DetachAsync(served).PipeTo(Sender, Self);
        }
        else
        {
            Sender.Tell(NoSuchConnection(command.ConnectionId));
        }
    }

    private void WithConnection(long id, Func<ServedConnection, ZcrxReply> act) =>
        Sender.Tell(_runtime.Connections.Find(id) is { } served ? act(served) : NoSuchConnection(id));

    /// <summary>The open queue of that name, or the least busy one; or why there is none.</summary>
    private ZcrxReply.Failed? Refusal(string? name, long? connection, out ZcrxQueue? queue)
    {
        queue = null;
        if (_state == ZcrxState.Stopping)
        {
            return StoppingReply(connection);
        }

        QueueRecord? record = name is null
            ? _queues.Where(static queue => queue is { State: QueueState.Open, Ready: not null }).MinBy(static queue => queue.Ready!.Snapshot().Connections)
            : _queues.Find(queue => queue.Slot.Name == name);
        queue = record is { State: QueueState.Open } ? record.Ready : null;
        return (record, queue) switch
        {
            (_, not null) => null,
            (null, _) when name is not null => NoSuchQueue(name, connection),
            _ => new ZcrxReply.Failed(ZcrxFailure.QueueNotOpen, connection, name is null ? "No queue is open." : $"The queue {name} is not open: it is {record!.State}.", record?.LastError),
        };
    }

    private async Task<ZcrxReply> AttachAsync(ZcrxCommand.AttachConnection command, ZcrxQueue queue)
    {
        using System.Diagnostics.Activity? activity = ZcrxActivities.Start("zcrx.connection.attach", queue.Name);
        ZcrxReply.Failed failed;
        try
        {
            ServedConnection served = await _runtime.Connections.AttachAsync(queue, command.Socket, command.Handler, _reports).ConfigureAwait(false);
            activity?.SetTag("zcrx.connection.id", served.Connection.Id);
            return new ZcrxReply.Attached(served.ToStatus());
        }
        catch (ObjectDisposedException exception) when (exception.ObjectName == nameof(ZcrxQueue))
        {
            failed = new ZcrxReply.Failed(ZcrxFailure.QueueNotOpen, null, $"The queue {queue.Name} has been closed.", exception);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            failed = new ZcrxReply.Failed(ZcrxFailure.InvalidSocket, null, $"The socket cannot be taken over: {exception.Message}", exception);
        }

        activity.End(failed.Cause);
        return failed;
    }

    private async Task<ZcrxReply> MoveAsync(ServedConnection served, ZcrxQueue queue)
    {
        ZcrxConnection connection = served.Connection;
        string from = connection.QueueName;
        using System.Diagnostics.Activity? activity = ZcrxActivities.Start("zcrx.connection.move", queue.Name);
        activity?.SetTag("zcrx.connection.id", connection.Id).SetTag("zcrx.queue.source", from);
        try
        {
            if (!await connection.MoveToAsync(queue).ConfigureAwait(false))
            {
                return Ended(connection);
            }
        }
        catch (InvalidOperationException exception)
        {
            // ObjectDisposedException is one, too: the target was closed.
            activity.End(exception);
            ZcrxFailure reason = exception is ObjectDisposedException ? ZcrxFailure.QueueNotOpen : ZcrxFailure.Busy;
            return new ZcrxReply.Failed(reason, connection.Id, exception.Message, exception);
        }

        if (from != queue.Name)
        {
            _reports.Moved(new ZcrxEvent.ConnectionMoved(connection.Id, from, queue.Name));
        }

        return new ZcrxReply.Moved(served.ToStatus());
    }

    private async Task<ZcrxReply> DetachAsync(ServedConnection served)
    {
        ZcrxConnection connection = served.Connection;
        using System.Diagnostics.Activity? activity = ZcrxActivities.Start("zcrx.connection.detach", connection.QueueName);
        activity?.SetTag("zcrx.connection.id", connection.Id);
        try
        {
            if (await connection.DetachAsync().ConfigureAwait(false) is not { } detached)
            {
                return Ended(connection);
            }

            _reports.Detached(new ZcrxEvent.ConnectionDetached(connection.Id, detached.StreamOffset));
            return new ZcrxReply.Detached(connection.Id, detached.Socket, detached.StreamOffset, detached.Unread);
        }
        catch (InvalidOperationException exception)
        {
            activity.End(exception);
            return new ZcrxReply.Failed(ZcrxFailure.Busy, connection.Id, exception.Message, exception);
        }
    }

    private static ZcrxReply.Failed StoppingReply(long? connection = null) => new(ZcrxFailure.Stopping, connection, "Zcrx is being stopped.");

    private ZcrxReply.Failed NoSuchQueue(string name, long? connection) =>
        new(ZcrxFailure.NoSuchQueue, connection, $"There is no queue '{name}'; there are {string.Join(", ", _queues.Select(static queue => queue.Slot.Name))}.");

    private static ZcrxReply.Failed NoSuchConnection(long id) => new(ZcrxFailure.NoSuchConnection, id, $"No connection {id} is being served.");

    private static ZcrxReply.Failed Ended(ZcrxConnection connection) => new(ZcrxFailure.Ended, connection.Id, $"The {connection} ended first.");
}
