using System.Net;

namespace Ingest.Demo;

/// <summary>Represents one stream as the receiver sees it.</summary>
/// <param name="Remote">The sender's address, or null if the connection ended before the address could be read.</param>
/// <param name="Bytes">The number of received bytes.</param>
/// <param name="End">The end of the stream, or null while it is open.</param>
internal sealed record ReceivedStream(EndPoint? Remote, long Bytes, StreamEnd? End);
