using System.Diagnostics;
using System.Net.Sockets;
using Zcrx.Actors.Diagnostics;
using Zcrx.Rx;

namespace Zcrx.Actors.Connections;

/// <summary>Executes the commands that attach, pause, resume, move or detach one connection. Callable on any thread.</summary>
/// <param name="connections">The connections of the service.</param>
/// <param name="reports">Reports the events of the connections.</param>
/// <param name="find">Finds an open queue by its name.</param>
internal sealed class ConnectionCommands(ConnectionDirectory connections, ConnectionReports reports, ConnectionCommands.QueueFinder find)
{
    /// <summary>Finds an open queue.</summary>
    /// <param name="name">The name of the queue; null for any open queue.</param>
    /// <param name="connection">The id of the connection that the command names, for the reply; null if it names none.</param>
    /// <param name="queue">The queue; null if no such queue is open.</param>
    /// <returns>The failure; null if a queue was found.</returns>
    public delegate ZcrxReply? QueueFinder(string? name, long? connection, out ZcrxQueue? queue);

    public Task<ZcrxReply> AttachAsync(ZcrxCommand.AttachConnection command) =>
        find(command.Queue, null, out ZcrxQueue? queue) is { } refused ? Task.FromResult(refused) : AttachAsync(command, queue!);

    public Task<ZcrxReply> MoveAsync(ZcrxCommand.MoveConnection command) =>
        find(command.Queue, command.ConnectionId, out ZcrxQueue? queue) is { } refused ? Task.FromResult(refused) : MoveAsync(command.ConnectionId, queue!);

    private async Task<ZcrxReply> AttachAsync(ZcrxCommand.AttachConnection command, ZcrxQueue queue)
    {
        using Activity? activity = ZcrxActivities.Start("zcrx.connection.attach", queue.Name);
        ZcrxReply.Failed failed;
        try
        {
            ServedConnection served = await connections.AttachAsync(queue, command.Socket, command.Handler, reports).ConfigureAwait(false);
            activity?.SetTag("zcrx.connection.id", served.Connection.Id);
            return new ZcrxReply.Attached(served.ToStatus());
        }
        catch (ObjectDisposedException exception) when (exception.ObjectName == nameof(ZcrxQueue))
        {
            failed = new ZcrxReply.Failed(ZcrxFailure.QueueNotOpen, null, $"The queue {queue.Name} has been closed.", exception);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            failed = new ZcrxReply.Failed(ZcrxFailure.InvalidSocket, null, $"The socket cannot be attached: {exception.Message}", exception);
        }

        activity.End(failed.Cause);
        return failed;
    }

    public ZcrxReply Pause(long id)
    {
        if (connections.Find(id) is not { } served)
        {
            return NoSuchConnection(id);
        }

        served.Connection.Pause();
        return new ZcrxReply.Paused(served.ToStatus());
    }

    public ZcrxReply Resume(long id)
    {
        if (connections.Find(id) is not { } served)
        {
            return NoSuchConnection(id);
        }

        served.Connection.Resume();
        return new ZcrxReply.Resumed(served.ToStatus());
    }

    private async Task<ZcrxReply> MoveAsync(long id, ZcrxQueue queue)
    {
        if (connections.Find(id) is not { } served)
        {
            return NoSuchConnection(id);
        }

        ZcrxConnection connection = served.Connection;
        string from = connection.QueueName;
        using Activity? activity = ZcrxActivities.Start("zcrx.connection.move", queue.Name);
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
            // ObjectDisposedException is a subclass of InvalidOperationException. It means that the target queue is closed.
            activity.End(exception);
            ZcrxFailure reason = exception is ObjectDisposedException ? ZcrxFailure.QueueNotOpen : ZcrxFailure.Busy;
            return new ZcrxReply.Failed(reason, connection.Id, exception.Message, exception);
        }

        if (from != queue.Name)
        {
            reports.Moved(new ZcrxEvent.ConnectionMoved(connection.Id, from, queue.Name));
        }

        return new ZcrxReply.Moved(served.ToStatus());
    }

    public async Task<ZcrxReply> DetachAsync(long id)
    {
        if (connections.Find(id) is not { Connection: var connection })
        {
            return NoSuchConnection(id);
        }

        using Activity? activity = ZcrxActivities.Start("zcrx.connection.detach", connection.QueueName);
        activity?.SetTag("zcrx.connection.id", connection.Id);
        try
        {
            if (await connection.DetachAsync().ConfigureAwait(false) is not { } detached)
            {
                return Ended(connection);
            }

            reports.Detached(new ZcrxEvent.ConnectionDetached(connection.Id, detached.StreamOffset));
            return new ZcrxReply.Detached(connection.Id, detached.Socket, detached.StreamOffset, detached.Unread);
        }
        catch (InvalidOperationException exception)
        {
            activity.End(exception);
            return new ZcrxReply.Failed(ZcrxFailure.Busy, connection.Id, exception.Message, exception);
        }
    }

    private static ZcrxReply.Failed NoSuchConnection(long id) => new(ZcrxFailure.NoSuchConnection, id, $"No connection {id} is being served.");

    private static ZcrxReply.Failed Ended(ZcrxConnection connection) => new(ZcrxFailure.Ended, connection.Id, $"The {connection} ended first.");
}
