using Ingest.Serving;

namespace Ingest.Demo;

/// <summary>Represents the options of the demo's sender and receiver.</summary>
/// <param name="Connections">The number of simultaneous connections.</param>
/// <param name="Volume">The number of bytes per connection.</param>
/// <param name="Seed">The seed of the bytes.</param>
/// <param name="Receive">The options of the receiver.</param>
/// <param name="StallAfter">The time without progress after which the demo gives up.</param>
/// <param name="Pace">The bytes per second that each stream's consumer takes, or null for no limit.</param>
/// <param name="SenderNamespace">The network namespace of the sender, or null for the namespace of this process.</param>
/// <param name="SenderPace">The bytes per second that each stream sends, or null for no limit.</param>
/// <param name="Storm">The copy storm to cause, or null for none.</param>
internal sealed record DemoOptions(
    int Connections, long Volume, int Seed, ReceiveOptions Receive, TimeSpan StallAfter, long? Pace = null, string? SenderNamespace = null, long? SenderPace = null, StormOptions? Storm = null)
{
    public long TotalVolume => Connections * Volume;
}
