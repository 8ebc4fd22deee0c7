using System.Net;
using System.Net.Sockets;
using System.Reactive.Disposables;
using Akka.Actor;
using Zcrx.Actors.Supervision;
using Zcrx.Interop;
using Zcrx.Rx;
using Zcrx.Rx.Listening;

namespace Zcrx.Actors.Hosting;

/// <summary>Connects to servers, and attaches the connections to queues of the running tree.</summary>
/// <param name="supervisor">The supervisor.</param>
/// <param name="end">Signals the end of the actor tree, after which no command is answered.</param>
internal sealed class OutgoingConnection(IActorRef supervisor, TreeEnd end)
{
    /// <summary>Connects to a server, and lets a queue receive for the connection.</summary>
    /// <exception cref="SocketException">The server cannot be reached.</exception>
    /// <exception cref="ZcrxException">The connection was refused: no queue is open, or Zcrx is stopping.</exception>
    public async Task<ZcrxConnection> ConnectAsync(EndPoint endPoint, string? queue, CancellationToken cancellationToken)
    {
        ThrowIfStopping(endPoint);
        Socket socket = SocketSettings.CreateOutgoing();
        try
        {
            await socket.ConnectAsync(endPoint, cancellationToken).ConfigureAwait(false);
            return await AttachAsync(socket, endPoint, queue).ConfigureAwait(false);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Attaches the socket to a queue. Cannot be cancelled, because only the answer tells whether Zcrx or the caller owns the socket.
    /// </summary>
    private async Task<ZcrxConnection> AttachAsync(Socket socket, EndPoint endPoint, string? queue)
    {
        ZcrxConnection? attached = null;
        ZcrxCommand.AttachConnection command = new(
            socket,
            connection =>
            {
                attached = connection;
                connection.Receiver.IsOutgoing = true;
                return Disposable.Empty;
            },
            queue);
        using CancellationTokenSource asking = new();
        Task<ZcrxReply> answer = supervisor.Ask<ZcrxReply>(command, Timeout.InfiniteTimeSpan, asking.Token);
        if (await Task.WhenAny(answer, end.Ended).ConfigureAwait(false) != answer)
        {
            await asking.CancelAsync().ConfigureAwait(false);
            throw Refused(endPoint, "Zcrx has stopped");
        }

        return await answer.ConfigureAwait(false) switch
        {
            ZcrxReply.Attached => attached!,
            ZcrxReply.Failed { Reason: ZcrxFailure.Stopping } => throw Refused(endPoint, "Zcrx is being stopped"),
            ZcrxReply.Failed failed => throw Refused(endPoint, failed.Message.TrimEnd('.'), failed.Cause),
            var other => throw new InvalidOperationException($"Unexpected answer: {other}."),
        };
    }

    private void ThrowIfStopping(EndPoint endPoint)
    {
        if (end.IsStopRequested || end.Ended.IsCompleted)
        {
            throw Refused(endPoint, "Zcrx is being stopped");
        }
    }

    private static ZcrxException Refused(EndPoint endPoint, string cause, Exception? inner = null) => new($"Connecting to {endPoint}", 0, cause, "", inner);
}
