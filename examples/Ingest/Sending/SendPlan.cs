using System.Net;

namespace Ingest.Sending;

/// <summary>Describes the streams to send and their receiver.</summary>
/// <param name="To">The receiver.</param>
/// <param name="Connections">The number of simultaneous connections.</param>
/// <param name="Volume">The number of bytes per connection. Ignored if a file is sent.</param>
/// <param name="Seed">The seed of the bytes.</param>
/// <param name="File">The file that every connection sends, or null to send pseudo-random bytes.</param>
/// <param name="Pace">The maximum bytes per second of each connection, or null for no limit.</param>
internal sealed record SendPlan(EndPoint To, int Connections, long Volume, int Seed, string? File, long? Pace = null)
{
    public IStreamSource Open(int connection) => File is null ? new SeededBytes(Seed, connection, Volume) : FileBytes.Open(File);
}
