using System.Collections.Concurrent;
using Akka.Actor;
using Zcrx.Rx;

namespace Zcrx.Actors.Connections;

/// <summary>The connections that are being served, by their numbers. Any thread.</summary>
internal sealed class ConnectionDirectory
{
    private readonly ConcurrentDictionary<long, ServedConnection> _served = new();

    /// <summary>Ends when those that are served now have been seen to.</summary>
    public Task Idle => Task.WhenAll(_served.Values.Select(static served => served.Done));

    /// <summary>Calls a connection's handler, and sees to its end.</summary>
    public ServedConnection Serve(ZcrxConnection connection, string? listener, Func<ZcrxConnection, IDisposable> handler, IActorRef reporter, Action? ended = null)
    {
        ServedConnection served = new(connection, listener, reporter);
        _served[connection.Id] = served;
        served.Serve(handler, () =>
        {
            _served.TryRemove(connection.Id, out _);
            ended?.Invoke();
        });
        return served;
    }

    public ServedConnection? Find(long id) => _served.GetValueOrDefault(id);

    /// <summary>How they stand, by the queue that receives them.</summary>
    public ILookup<string, ConnectionStatus> Snapshot() =>
        _served.Values.Select(static served => served.ToStatus()).OrderBy(static status => status.Id).ToLookup(static status => status.Queue, StringComparer.Ordinal);
}
