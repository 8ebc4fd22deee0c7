using System.Collections.Concurrent;
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
        try
        {
            ZcrxStreamException error = new(
                $"Receiving on {connection}",
                0,
                connection.Delivered,
                cause,
                "Do not block in OnNext: use Process or Offload for work that waits");
            connection.Control.Fail(new ConnectionFailure(cause, error), abort: true);
            connection.Control.AbandonSocket();
            connection.Move?.GiveUp();
            if (connection == stuck)
            {
                connection.Observers.End(error);
                connection.Control.EndAbandoned();
            }
            else
            {
                _ends.Enqueue(EndAsync(connection, error));
            }
        }
#pragma warning disable CA1031 // The stuck thread may continue at any time and change what is read here. The other connections must end.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            connection.Control.ReportFault(exception);
            connection.Control.AbandonSocket();
            connection.Control.EndAbandoned();
        }
    }

    private static async Task EndAsync(ConnectionReceiver connection, ZcrxStreamException error)
    {
        try
        {
            // Each connection gets its own thread, because an observer may wait for a resource that the stuck observer holds.
            await Task.Run(() => connection.Stream.End(error)).WaitAsync(ObserverTimeout).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // The observer does not return. The connection is ended anyway.
        }

        // Runs after the observers were called, because the handler of a closed connection disposes its subscriptions.
        connection.Control.EndAbandoned();
    }
}
