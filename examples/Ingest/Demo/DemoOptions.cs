using Ingest.Serving;

namespace Ingest.Demo;

/// <summary>Represents the options of the demo: what it sends and how it receives.</summary>
/// <param name="Connections">Connections, all at once.</param>
/// <param name="Volume">Bytes per connection.</param>
/// <param name="Seed">Seed of the bytes.</param>
/// <param name="Receive">How it receives.</param>
/// <param name="StallAfter">How long nothing may arrive before the demo gives up.</param>
/// <param name="Pace">Bytes per second that each stream's consumer takes; null for as many as come.</param>
/// <param name="SenderNamespace">The network namespace that the sender runs in; null for this process's own.</param>
/// <param name="SenderPace">Bytes per second that each stream is sent at; null for as many as go.</param>
/// <param name="Storm">The copy storm to make, or null.</param>
internal sealed record DemoOptions(
    int Connections, long Volume, int Seed, ReceiveOptions Receive, TimeSpan StallAfter, long? Pace = null, string? SenderNamespace = null, long? SenderPace = null, StormOptions? Storm = null)
{
    public long TotalVolume => Connections * Volume;
}
