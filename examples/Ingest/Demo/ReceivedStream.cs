using System.Net;

namespace Ingest.Demo;

/// <summary>Represents one stream as the receiver sees it.</summary>
/// <param name="Remote">The sender's end of the connection; null when it had gone before it could be asked.</param>
/// <param name="Bytes">Bytes received.</param>
/// <param name="End">How it ended; null while it lasts.</param>
internal sealed record ReceivedStream(EndPoint? Remote, long Bytes, StreamEnd? End);
