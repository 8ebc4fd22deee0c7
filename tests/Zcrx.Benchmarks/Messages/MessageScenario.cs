namespace Zcrx.Benchmarks.Messages;

/// <summary>Represents a load of small messages.</summary>
/// <param name="Connections">The number of connections.</param>
/// <param name="Busy">The number of connections that carry messages. The others are idle.</param>
/// <param name="Rate">The number of requests per second that are due at fixed times. 0 for a closed loop.</param>
internal readonly record struct MessageScenario(int Connections, int Busy, int Rate)
{
    /// <summary>Gets a value indicating whether most connections are idle, so that memory per connection is measured as well.</summary>
    public bool IsIdle => Busy < Connections;

    public static MessageScenario ClosedLoop(int connections) => new(connections, connections, 0);

    public override string ToString() =>
        IsIdle ? $"{Connections} connections, {Busy} of them busy" : Rate > 0 ? $"{Connections} connections, {Rate} requests/s" : $"{Connections} connection{(Connections == 1 ? "" : "s")}, closed loop";
}
