using System.Collections.Concurrent;
using Zcrx.Interop;
using Zcrx.Interop.Leases;
using Zcrx.Rx.Connections;
using Zcrx.Rx.Receiving;
using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Queues;

/// <summary>
/// Ends the connections and listeners of a queue whose ring thread is stuck and cannot end them itself. Runs on any thread.
/// </summary>
/// <remarks>
/// Uses only objects that other threads may use while the stuck thread runs, such as requests to connections, sets of observers and
/// sockets. The area, the ring and the descriptors stay open, because the kernel and the stuck callback may still use them. If the stuck
/// thread continues and adds connections, these are ended as well.
/// </remarks>
/// <param name="name">The name of the queue.</param>
/// <param name="owners">The components of the queue.</param>
/// <param name="heartbeat">Gives the connection whose callback does not return.</param>
/// <param name="cause">The cause that observers receive, as a clause.</param>
internal sealed class QueueAbandonment(string name, QueueOwners owners, RingHeartbeat heartbeat, string cause)
{
    // The time limit for one observer, including the wait for a free thread. An observer exceeds it only if it waits for another component.
    private static readonly TimeSpan ObserverTimeout = TimeSpan.FromSeconds(3);

    private readonly ConcurrentQueue<Task> _ends = new();
    private readonly ObserverThreads _threads = new(name);
    // The connection whose callback does not return. Its observers are called once the callback has returned, because an observer is never
    // called while its OnNext runs.
    private readonly object? _stuck = heartbeat.Subject;
    private Action? _notifyStuck;
    private int _missed;

    /// <summary>Ends all connections and listeners of the stuck ring thread.</summary>
    public void Run()
    {
        owners.Listeners.Abandon(owners.Turn, Notify);
        owners.Connections.Abandon(End);
        if (_stuck is ConnectionReceiver connection && heartbeat.Subject == connection)
        {
            // While its observers receive the end of its stream, a connection is neither in the table nor in the list of sockets.
            End(connection);
        }

        // Must come last. If the stuck thread continues, it moves connections from the connection table to this list of sockets.
        owners.Sockets.Abandon();
    }

    /// <summary>Waits until all observers have returned or exceeded their time limit.</summary>
    /// <returns>The number of observers that exceeded the time limit.</returns>
    public async Task<int> CompleteAsync()
    {
        await Task.WhenAll(_ends).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return Volatile.Read(ref _missed);
    }

    /// <summary>Closes the sockets of all connections. Called when the ring thread has left its callback and no longer uses them.</summary>
    public async Task CloseSocketsAsync()
    {
        if (Interlocked.Exchange(ref _notifyStuck, null) is { } notify)
        {
            // The observers of the stuck connection can be called now, because the stuck observer has returned.
            _ends.Enqueue(_threads.RunAsync(notify).WaitAsync(ObserverTimeout));
        }

        // The sockets are closed after the observers have returned. A closed socket ends the connection's handler, which could dispose a
        // subscription before its observer receives the error.
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
        // The observers are read before any of them is notified. A handler that disposes its subscription in between must not keep its
        // observer from receiving the error.
        IObserver<ReceivedBuffer>[] observers = connection.Observers.End(error) ?? [];
        if (connection != _stuck)
        {
            _ends.Enqueue(EndAsync(connection, observers, error));
            return;
        }

        // If this method runs twice for a connection, the second run finds no observers. It must not replace the delegate of the first run.
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
#pragma warning disable CA1031 // The stuck thread may have continued and may change the data. The connection must be ended anyway.
        catch (Exception)
#pragma warning restore CA1031
        {
            return connection.BytesReceived;
        }
    }

    /// <summary>Returns the consumers that may still keep undelivered bytes although their stream has ended.</summary>
    private static IPostponedConsumer[] PostponedOf(ConnectionReceiver connection)
    {
        try
        {
            return connection.Postponed.Waiting();
        }
#pragma warning disable CA1031 // The stuck thread may have continued and may change the list. The connection must be ended anyway.
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
            // Called after the observers, because this ends the connection's handler, which disposes its subscriptions.
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
