using System.Net;

namespace Ingest.Sending;

/// <summary>Describes what the sender sends, and to which receiver.</summary>
/// <param name="To">The receiver.</param>
/// <param name="Connections">Connections, all at once.</param>
/// <param name="Volume">The number of bytes per connection. Ignored with a file.</param>
/// <param name="Seed">Seed of the bytes.</param>
/// <param name="File">The file that every connection sends instead, or null.</param>
/// <param name="Pace">The maximum bytes per second of each connection, or null for no limit.</param>
internal sealed record SendPlan(EndPoint To, int Connections, long Volume, int Seed, string? File, long? Pace = null)
{
    public IStreamSource Open(int connection) => File is null ? new SeededBytes(Seed, connection, Volume) : FileBytes.Open(File);
}
