using System.Collections.Concurrent;
using Zcrx.Interop;
using Zcrx.Interop.Leases;
using Zcrx.Rx.Connections;
using Zcrx.Rx.Receiving;
using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Queues;

/// <summary>Ends the connections and listeners of a stuck ring thread, which cannot end them itself. Runs on any thread.</summary>
/// <remarks>
/// Touches only parts that may be used while the stuck thread runs: requests to connections, sets of observers and sockets. Area, ring and
/// descriptors stay, because the kernel and the stuck callback may still use them. The thread may continue at any time. Whatever it adds
/// then is ended as well.
/// </remarks>
/// <param name="name">The name of the queue.</param>
/// <param name="owners">The owners on the ring thread.</param>
/// <param name="heartbeat">Names the connection whose callback does not return.</param>
/// <param name="cause">The cause, as a clause.</param>
internal sealed class QueueAbandonment(string name, QueueOwners owners, RingHeartbeat heartbeat, string cause)
{
    // The time for one observer, including the wait for a free thread. Only an observer that waits for another component takes longer.
    private static readonly TimeSpan ObserverTimeout = TimeSpan.FromSeconds(3);

    private readonly ConcurrentQueue<Task> _ends = new();
    private readonly ObserverThreads _threads = new(name);
    // The connection whose callback does not return. Its observers are called after that callback has returned, because an observer is
    // never called while its OnNext runs.
    private readonly object? _stuck = heartbeat.Subject;
    private Action? _notifyStuck;
    private int _missed;

    /// <summary>Ends everything that a stuck ring thread owns.</summary>
    public void Run()
    {
        owners.Listeners.Abandon(owners.Turn, Notify);
        owners.Connections.Abandon(End);
        if (_stuck is ConnectionReceiver connection && heartbeat.Subject == connection)
        {
            // While the callback for the end of its stream runs, a connection is neither in the table nor in the list of sockets.
            End(connection);
        }

        // Must be the last step: if the stuck thread continues, it moves connections from the connection table to the list of sockets.
        owners.Sockets.Abandon();
    }

    /// <summary>Waits until the observers have returned, or their time is over.</summary>
    /// <returns>The number of observers that had not returned in time.</returns>
    public async Task<int> CompleteAsync()
    {
        await Task.WhenAll(_ends).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return Volatile.Read(ref _missed);
    }

    /// <summary>Closes the descriptors of the connections, which the ring thread no longer uses: it has left its callback.</summary>
    public async Task CloseSocketsAsync()
    {
        if (Interlocked.Exchange(ref _notifyStuck, null) is { } notify)
        {
            // The observers of the stuck connection can be called now: the observer that was stuck has returned, and the others were not
            // called at all.
            _ends.Enqueue(_threads.RunAsync(notify).WaitAsync(ObserverTimeout));
        }

        // The sockets are closed after the observers have returned. Otherwise, the handlers of the connections could end first, and
        // dispose the subscriptions before the observers receive the error.
        await CompleteAsync().ConfigureAwait(false);
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
        // The observers are read before they are notified: a handler that disposes its subscription in between must not prevent its
        // observer from receiving the error.
        IObserver<ReceivedBuffer>[] observers = connection.Observers.End(error) ?? [];
        if (connection != _stuck)
        {
            _ends.Enqueue(EndAsync(connection, observers, error));
            return;
        }

        // The second call for a connection finds no observers, and must not replace those of the first.
        Interlocked.CompareExchange(
            ref _notifyStuck,
            () =>
            {
                connection.Stream.Notify(observers, error);
                Array.ForEach(PostponedOf(connection), consumer => consumer.Abandon(error));
            },
            null);
        connection.Control.EndAbandoned();
    }

    private static long PositionOf(ConnectionReceiver connection)
    {
        try
        {
            return connection.Passed;
        }
#pragma warning disable CA1031 // The thread may have continued and may change the data that is read here. The connection must still end.
        catch (Exception)
#pragma warning restore CA1031
        {
            return connection.BytesReceived;
        }
    }

    /// <summary>Returns the consumers whose last item may still wait, although their stream has ended.</summary>
    private static IPostponedConsumer[] PostponedOf(ConnectionReceiver connection)
    {
        try
        {
            return connection.Postponed.Waiting();
        }
#pragma warning disable CA1031 // As in PositionOf.
        catch (Exception)
#pragma warning restore CA1031
        {
            return [];
        }
    }

    private async Task EndAsync(ConnectionReceiver connection, IObserver<ReceivedBuffer>[] observers, ZcrxStreamException error)
    {
        try
        {
            if (observers.Length > 0)
            {
                await InTimeAsync(() => connection.Stream.Notify(observers, error), observers.Length).ConfigureAwait(false);
            }

            if (PostponedOf(connection) is { Length: > 0 } postponed)
            {
                await InTimeAsync(() => Array.ForEach(postponed, consumer => consumer.Abandon(error)), postponed.Length).ConfigureAwait(false);
            }
        }
        finally
        {
            // Runs after the observers were called, because the handler of a closed connection disposes its subscriptions.
            connection.Control.EndAbandoned();
        }
    }

    private void Notify(Action call) => _ends.Enqueue(InTimeAsync(call, observers: 1));

    private async Task InTimeAsync(Action call, int observers)
    {
        try
        {
            await _threads.RunAsync(call).WaitAsync(ObserverTimeout).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            Interlocked.Add(ref _missed, observers);
        }
    }
}
