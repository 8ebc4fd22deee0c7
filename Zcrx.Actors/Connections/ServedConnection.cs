using Zcrx.Rx;

namespace Zcrx.Actors.Connections;

/// <summary>Represents a connection whose handler has been called, until it is closed and its end reported.</summary>
internal sealed class ServedConnection(ZcrxConnection connection, string? listener, object? owner, ConnectionReports reports)
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _since = reports.Now;
    private volatile bool _isClosed;

    public ZcrxConnection Connection => connection;

    /// <summary>Gets the identity of the listener that accepted it; null for none.</summary>
    public object? Owner => owner;

    /// <summary>Gets a value indicating whether the connection is closed and its handler's subscription disposed. Its end may not be reported yet.</summary>
    public bool IsClosed => _isClosed;

    /// <summary>
    /// Gets a task that ends when the connection is closed, its handler's subscription is disposed, and its end is reported.
    /// </summary>
    /// <remarks>Components that depend on the report await this task.</remarks>
    public Task Done => _done.Task;

    /// <summary>Calls the handler. An exception of it ends the connection, and nothing else.</summary>
    /// <param name="handler">The user's.</param>
    /// <param name="closed">Called when the connection no longer counts as open, before its end is reported.</param>
    /// <param name="reported">Called after that.</param>
    public void Serve(Func<ZcrxConnection, IDisposable> handler, Action? closed, Action reported)
    {
        // Read now: the handler may move the connection or dispose its socket.
        ZcrxEvent.ConnectionOpened opened = new(listener, connection.QueueName, connection.Id, connection.RemoteEndPoint);
        IDisposable? subscription = null;
        ZcrxEvent.ConsumerFaulted? faulted = null;
        try
        {
            subscription = handler(connection);
        }
#pragma warning disable CA1031 // A handler that throws loses its connection, and nothing else.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            faulted = new ZcrxEvent.ConsumerFaulted(connection.QueueName, connection.Id, exception);
            connection.Abort();
        }

        // Fails only if a logger or a subscriber throws. Done ends in any case.
        _ = ReportAndCloseAsync(opened, faulted, subscription, closed, reported);
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
        BuffersLeased = connection.BuffersLeased,
    };

    private async Task ReportAndCloseAsync(
        ZcrxEvent.ConnectionOpened opened, ZcrxEvent.ConsumerFaulted? faulted, IDisposable? subscription, Action? closed, Action reported)
    {
        // Loggers and subscribers do not run on the ring thread.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            reports.Opened(opened);
            if (faulted is not null)
            {
                reports.Faulted(faulted);
            }
        }
        finally
        {
            await CloseAsync(subscription, closed, reported).ConfigureAwait(false);
        }
    }

    private async Task CloseAsync(IDisposable? subscription, Action? closed, Action reported)
    {
        // Operators that still process delivered data would be cut off.
        await connection.Finished.ConfigureAwait(false);
        ZcrxEvent.ConsumerFaulted? faulted = null;
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
            faulted = new ZcrxEvent.ConsumerFaulted(connection.QueueName, connection.Id, exception);
        }

        _isClosed = true;
        closed?.Invoke();
        try
        {
            if (faulted is not null)
            {
                reports.Faulted(faulted);
            }

            reports.Closed(new ZcrxEvent.ConnectionClosed(listener, connection.QueueName, connection.Id, connection.BytesReceived, EndOf()), _since);
        }
        finally
        {
            reported();
            _done.TrySetResult();
        }
    }

    /// <summary>Returns the error with which the stream ended. It has ended, so an observer is notified at once.</summary>
    private Exception? EndOf()
    {
        Exception? end = null;
        using (connection.Buffers.Subscribe(static _ => { }, error => end = error))
        {
            return end;
        }
    }
}
