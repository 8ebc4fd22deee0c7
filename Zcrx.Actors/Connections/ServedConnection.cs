using Zcrx.Rx;

namespace Zcrx.Actors.Connections;

/// <summary>Represents a connection whose handler was called and whose end is not reported yet.</summary>
internal sealed class ServedConnection(ZcrxConnection connection, string? listener, object? owner, ConnectionReports reports)
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _since = reports.Now;
    private volatile bool _isClosed;

    public ZcrxConnection Connection => connection;

    /// <summary>Gets the identity of the listener that accepted the connection; null for an attached connection.</summary>
    public object? Owner => owner;

    /// <summary>
    /// Gets a value indicating whether the connection is closed and the handler's subscription is disposed. The end of the connection may
    /// not be reported yet.
    /// </summary>
    public bool IsClosed => _isClosed;

    /// <summary>
    /// Gets a task that ends when the connection is closed, its handler's subscription is disposed, and its end is reported.
    /// </summary>
    public Task Done => _done.Task;

    /// <summary>Calls the handler. An exception of the handler ends only this connection.</summary>
    /// <param name="handler">The handler of the application.</param>
    /// <param name="closed">Called when the connection is closed, before its end is reported.</param>
    /// <param name="reported">Called after the end of the connection has been reported.</param>
    public void Serve(Func<ZcrxConnection, IDisposable> handler, Action? closed, Action reported)
    {
        // The event is created before the handler is called, because the handler may move the connection or dispose its socket.
        ZcrxEvent.ConnectionOpened opened = new(listener, connection.QueueName, connection.Id, connection.RemoteEndPoint);
        IDisposable? subscription = null;
        ZcrxEvent.ConsumerFaulted? faulted = null;
        try
        {
            subscription = handler(connection);
        }
#pragma warning disable CA1031 // An exception of the handler ends only this connection.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            faulted = new ZcrxEvent.ConsumerFaulted(connection.QueueName, connection.Id, exception);
            connection.Abort();
        }

        // The task is not awaited. It fails only if a logger or a subscriber of the event stream throws, and Done completes in any case.
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
        // Loggers and subscribers must not run on the ring thread.
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
        // Waits for operators that still process delivered data. Disposing the subscription earlier would stop them.
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
#pragma warning disable CA1031 // An exception of the disposal is reported like an exception of the handler.
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

    /// <summary>
    /// Returns the error with which the stream ended; null if it ended in order. An ended stream notifies a new observer at once.
    /// </summary>
    private Exception? EndOf()
    {
        Exception? end = null;
        using (connection.Buffers.Subscribe(static _ => { }, error => end = error))
        {
            return end;
        }
    }
}
