namespace Zcrx.Benchmarks.Messages;

/// <summary>Represents a load of small messages.</summary>
/// <param name="Connections">The number of open connections.</param>
/// <param name="Busy">The number of connections that carry messages. The others are idle.</param>
/// <param name="Rate">The number of requests per second, sent at fixed times. With 0, each request is sent when the previous reply has
/// arrived.</param>
internal readonly record struct MessageScenario(int Connections, int Busy, int Rate)
{
    /// <summary>Gets a value indicating whether some connections are idle. The memory per connection is then measured, too.</summary>
    public bool IsIdle => Busy < Connections;

    public static MessageScenario ClosedLoop(int connections) => new(connections, connections, 0);

    public override string ToString() =>
        IsIdle ? $"{Connections} connections, {Busy} of them busy" : Rate > 0 ? $"{Connections} connections, {Rate} requests/s" : $"{Connections} connection{(Connections == 1 ? "" : "s")}, closed loop";
}
