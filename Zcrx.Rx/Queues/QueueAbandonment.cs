using Zcrx.Rx.Connections;
using Zcrx.Rx.Receiving;

namespace Zcrx.Rx.Queues;

/// <summary>Ends the connections and listeners of a stuck ring thread, which cannot end them itself. Runs on any thread.</summary>
/// <remarks>
/// Only parts that are safe to use beside the stuck thread are touched: requests to connections, sets of observers and sockets. Area, ring and
/// descriptors stay, because the kernel and the stuck callback may still use them.
/// </remarks>
internal static class QueueAbandonment
{
    // No observer takes longer, unless it waits for another component.
    private static readonly TimeSpan ObserverTimeout = TimeSpan.FromSeconds(1);

    /// <summary>Ends everything that a stuck ring thread owns.</summary>
    /// <param name="owners">The owners on the ring thread.</param>
    /// <param name="stuck">The connection whose callback does not return. Its observers are not called: their OnNext has not returned.</param>
    /// <param name="cause">The cause, as a clause.</param>
    public static void Run(QueueOwners owners, object? stuck, string cause)
    {
        owners.Listeners.Abandon();
        owners.Sockets.Abandon();
        foreach (ConnectionReceiver connection in owners.Table.Snapshot())
        {
            try
            {
                End(connection, stuck, cause);
            }
#pragma warning disable CA1031 // The stuck thread may continue at any time and change the state that is read here. The other connections must still end.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                connection.Control.ReportFault(exception);
                connection.Control.AbandonSocket();
                connection.Control.EndAbandoned();
            }
        }
    }

    private static void End(ConnectionReceiver connection, object? stuck, string cause)
    {
        ZcrxStreamException error = new(
            $"Receiving on {connection}",
            0,
            connection.Delivered,
            cause,
            "Do not block in OnNext: use Process or Offload for work that waits");
        connection.Control.Fail(new ConnectionFailure(cause, error), abort: true);
        connection.Control.AbandonSocket();
        if (connection == stuck)
        {
            connection.Observers.End(error);
            connection.Control.EndAbandoned();
        }
        else
        {
            _ = EndAsync(connection, error);
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
