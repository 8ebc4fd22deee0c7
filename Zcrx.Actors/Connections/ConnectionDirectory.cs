using System.Collections.Concurrent;
using System.Net.Sockets;
using Zcrx.Rx;

namespace Zcrx.Actors.Connections;

/// <summary>Holds the connections that are being served, by their numbers. Any thread.</summary>
internal sealed class ConnectionDirectory
{
    private readonly ConcurrentDictionary<long, ServedConnection> _served = new();
    private readonly ConcurrentDictionary<TaskCompletionSource, bool> _attaching = new();

    /// <summary>Ends when the present connections, and those that are being attached, are closed and their ends reported.</summary>
    public async Task WhenIdle()
    {
        await Task.WhenAll(_attaching.Keys.Select(static attaching => attaching.Task)).ConfigureAwait(false);
        await WhenDone(_served.Values).ConfigureAwait(false);
    }

    /// <summary>Receives for a connected socket on a queue, and serves the connection.</summary>
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

    /// <summary>Ends when the present connections of a listener are closed and their ends reported.</summary>
    public Task IdleOf(string listener) => WhenDone(_served.Values.Where(served => served.Listener == listener));

    /// <summary>Calls a connection's handler, and closes the connection after its end.</summary>
    public ServedConnection Serve(
        ZcrxConnection connection,
        string? listener,
        Func<ZcrxConnection, IDisposable> handler,
        ConnectionReports reports,
        Action? closed = null)
    {
        ServedConnection served = new(connection, listener, reports);
        _served[connection.Id] = served;
        served.Serve(handler, closed, () => _served.TryRemove(connection.Id, out _));
        return served;
    }

    public ServedConnection? Find(long id) => _served.GetValueOrDefault(id) is { IsClosed: false } served ? served : null;

    /// <summary>Returns the status of each, by the queue that receives it.</summary>
    public ILookup<string, ConnectionStatus> Snapshot() => _served.Values
        .Where(static served => !served.IsClosed)
        .Select(static served => served.ToStatus())
        .OrderBy(static status => status.Id)
        .ToLookup(static status => status.Queue, StringComparer.Ordinal);

    private static Task WhenDone(IEnumerable<ServedConnection> served) => Task.WhenAll(served.Select(static connection => connection.Done));
}
