using Akka.Actor;
using Zcrx.Rx;

namespace Zcrx.Actors.Connections;

/// <summary>A connection whose handler has been called, until its end has been seen to. What happens goes to an actor as messages.</summary>
internal sealed class ServedConnection(ZcrxConnection connection, string? listener, IActorRef reporter)
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ZcrxConnection Connection => connection;

    public string? Listener => listener;

    /// <summary>Ends when the connection is closed and its handler's subscription disposed.</summary>
    public Task Done => _done.Task;

    /// <summary>Calls the handler. Its fault costs the connection, and nothing else.</summary>
    /// <param name="handler">The user's.</param>
    /// <param name="ended">Called when the connection is closed and the subscription disposed, before that is told.</param>
    public void Serve(Func<ZcrxConnection, IDisposable> handler, Action ended)
    {
        reporter.Tell(new ZcrxEvent.ConnectionOpened(listener, connection.QueueName, connection.Id, connection.RemoteEndPoint));
        IDisposable? subscription = null;
        try
        {
            subscription = handler(connection);
        }
#pragma warning disable CA1031 // A handler that throws loses its connection, and nothing else.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            reporter.Tell(new ZcrxEvent.ConsumerFaulted(connection.QueueName, connection.Id, exception));
            connection.Abort();
        }

        _ = CloseAsync(subscription, ended);
    }

    public ConnectionStatus ToStatus() => new()
    {
        Id = connection.Id,
        Queue = connection.QueueName,
        Listener = listener,
        RemoteEndPoint = connection.RemoteEndPoint,
        LocalEndPoint = connection.LocalEndPoint,
        State = connection.State,
        BytesReceived = connection.BytesReceived,
        BuffersHeld = connection.BuffersHeld,
    };

    private async Task CloseAsync(IDisposable? subscription, Action ended)
    {
        // Operators that still work on what had come would be cut off.
        await connection.Finished.ConfigureAwait(false);
        try
        {
            if (subscription is IAsyncDisposable asynchronous)
            {
                await asynchronous.DisposeAsync().ConfigureAwait(false);
            }
            else
            {
                subscription?.Dispose();
            }
        }
#pragma warning disable CA1031 // As above.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            reporter.Tell(new ZcrxEvent.ConsumerFaulted(connection.QueueName, connection.Id, exception));
        }

        ended();
        reporter.Tell(new ZcrxEvent.ConnectionClosed(listener, connection.QueueName, connection.Id, connection.BytesReceived, EndOf()));
        _done.TrySetResult();
    }

    /// <summary>Why the stream ended. It has, so that whoever subscribes is told at once.</summary>
    private Exception? EndOf()
    {
        Exception? end = null;
        using (connection.Buffers.Subscribe(static _ => { }, error => end = error))
        {
            return end;
        }
    }
}
