using Zcrx.Actors;

namespace Telemetry;

/// <summary>Represents the status tree. It can be serialized as JSON.</summary>
internal sealed record StatusResponse(string State, bool IsAccepting, IReadOnlyList<StatusResponse.Queue> Queues, IReadOnlyList<StatusResponse.Listener> Listeners)
{
    public static StatusResponse From(ZcrxStatus status) => new(
        status.State.ToString(),
        status.IsAccepting,
        [.. status.Queues.Select(static queue => new Queue(
            queue.Name,
            queue.State.ToString(),
            queue.Engine?.ToString(),
            queue.Pressure.ToString(),
            queue.Restarts,
            queue.LastError?.Message,
            queue.Statistics is { } statistics ? new Counters(statistics.BytesReceived, statistics.CopiedBytes, statistics.BuffersOut, statistics.Buffers) : null,
            queue.Notifications.ToDictionary(static notification => notification.Type.ToString(), static notification => notification.ArmState.ToString()),
            [.. queue.Connections.Select(static connection => new Connection(connection.Id, connection.Listener, $"{connection.RemoteEndPoint}", connection.State.ToString(), connection.BytesReceived, connection.BuffersLeased))]))],
        [.. status.Listeners.Select(static listener => new Listener(listener.Name, listener.EndPoint?.ToString(), listener.Connections, listener.Accepted, listener.Error?.Message))]);

    internal sealed record Queue(
        string Name,
        string State,
        string? Engine,
        string Pressure,
        long Restarts,
        string? LastError,
        Counters? SinceOpened,
        IReadOnlyDictionary<string, string> Notifications,
        IReadOnlyList<Connection> Connections);

    internal sealed record Counters(long BytesReceived, long CopiedBytes, int BuffersOut, int Buffers);

    internal sealed record Connection(long Id, string? Listener, string Remote, string State, long BytesReceived, int BuffersLeased);

    internal sealed record Listener(string Name, string? EndPoint, int Connections, long Accepted, string? Error);
}
