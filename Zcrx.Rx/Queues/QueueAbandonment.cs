using System.Collections.Concurrent;
using Zcrx.Interop;
using Zcrx.Rx.Connections;
using Zcrx.Rx.Receiving;

namespace Zcrx.Rx.Queues;

/// <summary>Ends the connections and listeners of a stuck ring thread, which cannot end them itself. Runs on any thread.</summary>
/// <remarks>
/// Only parts that are safe beside the stuck thread are touched: requests to connections, sets of observers and sockets. Area, ring and
/// descriptors stay, because the kernel and the stuck callback may still use them. The thread may continue at any time: what it adds then is ended as well.
/// </remarks>
/// <param name="owners">The owners on the ring thread.</param>
/// <param name="stuck">The connection whose callback does not return. Its observers are not called: their OnNext has not returned.</param>
/// <param name="cause">The cause, as a clause.</param>
internal sealed class QueueAbandonment(QueueOwners owners, object? stuck, string cause)
{
    // No observer takes longer, unless it waits for another component.
    private static readonly TimeSpan ObserverTimeout = TimeSpan.FromSeconds(1);

    private readonly ConcurrentQueue<Task> _ends = new();

    /// <summary>Ends everything that a stuck ring thread owns.</summary>
    public void Run()
    {
        owners.Listeners.Abandon(owners.Turn);
        owners.Sockets.Abandon();
        owners.Connections.Abandon(End);
    }

    /// <summary>Closes the descriptors of the connections, which the ring thread no longer uses: it has left its callback.</summary>
    public async Task CloseSocketsAsync()
    {
        // After the observers: the handler of a closed connection disposes its subscriptions.
        await Task.WhenAll(_ends).ConfigureAwait(false);
        Array.ForEach(owners.Table.Snapshot(), static connection => connection.Control.CloseSocket());
    }

    private void End(ConnectionReceiver connection)
    {
        ZcrxStreamException error = new(
            $"Receiving on {connection}",
            0,
            PositionOf(connection),
            cause,
            "Do not block in OnNext: use Process or Offload for work that waits");
        connection.Control.Fail(new ConnectionFailure(cause, error), abort: true);
        connection.Control.AbandonSocket();
        connection.Move?.GiveUp();
        // Taken now: a handler that disposes its subscription in the meantime must not keep the error from its observer.
        IObserver<ReceivedBuffer>[] observers = connection.Observers.End(error) ?? [];
        if (connection == stuck)
        {
            connection.Control.EndAbandoned();
        }
        else
        {
            _ends.Enqueue(NotifyAsync(connection, observers, error));
        }
    }

    private static long PositionOf(ConnectionReceiver connection)
    {
        try
        {
            return connection.Delivered;
        }
#pragma warning disable CA1031 // The thread has continued and changes what is read here. The connection must end all the same.
        catch (Exception)
#pragma warning restore CA1031
        {
            return connection.BytesReceived;
        }
    }

    private static async Task NotifyAsync(ConnectionReceiver connection, IObserver<ReceivedBuffer>[] observers, ZcrxStreamException error)
    {
        try
        {
            // A task each, because an observer may wait for a resource that the stuck thread holds. The time begins when the observer is called, since a busy
            // machine may call it late.
            TaskCompletionSource called = new(TaskCreationOptions.RunContinuationsAsynchronously);
            Task notified = Task.Run(() =>
            {
                called.SetResult();
                connection.Stream.Notify(observers, error);
            });
            await called.Task.ConfigureAwait(false);
            await notified.WaitAsync(ObserverTimeout).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // The observer does not return. The connection is ended anyway.
        }

        // Runs after the observers were called, because the handler of a closed connection disposes its subscriptions.
        connection.Control.EndAbandoned();
    }
}
