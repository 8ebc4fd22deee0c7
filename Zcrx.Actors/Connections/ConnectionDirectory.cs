using System.Collections.Concurrent;
using System.Net.Sockets;
using Zcrx.Rx;

namespace Zcrx.Actors.Connections;

/// <summary>Holds the connections of the service by id, until their ends are reported. Callable on any thread.</summary>
internal sealed class ConnectionDirectory
{
    private readonly ConcurrentDictionary<long, ServedConnection> _served = new();
    private readonly ConcurrentDictionary<TaskCompletionSource, bool> _attaching = new();

    /// <summary>
    /// Returns a task that ends when every current connection is closed and its end is reported. This includes connections that are still
    /// being attached.
    /// </summary>
    public async Task WhenIdle()
    {
        await Task.WhenAll(_attaching.Keys.Select(static attaching => attaching.Task)).ConfigureAwait(false);
        await WhenDone(_served.Values).ConfigureAwait(false);
    }

    /// <summary>Lets a queue receive for a connected socket, and calls the handler with the new connection.</summary>
    public async Task<ServedConnection> AttachAsync(
        ZcrxQueue queue, Socket socket, Func<ZcrxConnection, IDisposable> handler, ConnectionReports reports)
    {
        TaskCompletionSource attaching = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _attaching[attaching] = true;
        try
        {
            return Serve(await queue.AttachAsync(socket).ConfigureAwait(false), null, handler, reports);
        }
        finally
        {
            _attaching.TryRemove(attaching, out _);
            attaching.SetResult();
        }
    }

    /// <summary>Returns a task that ends when the current connections of a listener are closed and their ends are reported.</summary>
    public Task IdleOf(object owner) => WhenDone(Of(owner));

    /// <summary>
    /// Closes the current connections of a listener whose drain time is over. Connections with unfinished work are reset.
    /// </summary>
    public void CloseOf(object owner)
    {
        foreach (ServedConnection served in Of(owner))
        {
            served.Connection.Receiver.Control.RequestDrainedClose();
        }
    }

    /// <summary>
    /// Calls the handler of a connection. When the connection has ended, disposes the handler's subscription and reports the end.
    /// </summary>
    /// <param name="connection">The connection.</param>
    /// <param name="listener">The name of the listener that accepted the connection; null for an attached connection.</param>
    /// <param name="handler">The handler.</param>
    /// <param name="reports">Reports the events of the connection.</param>
    /// <param name="owner">
    /// The identity of the listener; null for an attached connection. A later listener may have the same name, but not the same identity.
    /// </param>
    /// <param name="closed">Called when the connection is closed, before its end is reported.</param>
    public ServedConnection Serve(
        ZcrxConnection connection,
        string? listener,
        Func<ZcrxConnection, IDisposable> handler,
        ConnectionReports reports,
        object? owner = null,
        Action? closed = null)
    {
        ServedConnection served = new(connection, listener, owner, reports);
        _served[connection.Id] = served;
        served.Serve(handler, closed, () => _served.TryRemove(connection.Id, out _));
        return served;
    }

    public ServedConnection? Find(long id) => _served.GetValueOrDefault(id) is { IsClosed: false } served ? served : null;

    /// <summary>Returns the status of each open connection, grouped by the queue that receives for it.</summary>
    public ILookup<string, ConnectionStatus> Snapshot() => _served.Values
        .Where(static served => !served.IsClosed)
        .Select(static served => served.ToStatus())
        .OrderBy(static status => status.Id)
        .ToLookup(static status => status.Queue, StringComparer.Ordinal);

    private IEnumerable<ServedConnection> Of(object owner) => _served.Values.Where(served => served.Owner == owner);

    private static Task WhenDone(IEnumerable<ServedConnection> served) => Task.WhenAll(served.Select(static connection => connection.Done));
}
