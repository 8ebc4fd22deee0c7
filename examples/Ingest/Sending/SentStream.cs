using System.Globalization;
using System.Net;

namespace Ingest.Sending;

/// <summary>Represents one stream as the sender sees it. Its text is one line that a program can parse.</summary>
/// <param name="Local">The sender's address, by which the receiver identifies the stream. Null if the sender never connected.</param>
/// <param name="Bytes">The number of bytes sent.</param>
/// <param name="Sha256">The hash of these bytes, in hexadecimal digits.</param>
/// <param name="Error">The reason for an early end in one line, or null when everything was sent.</param>
internal sealed record SentStream(IPEndPoint? Local, long Bytes, string Sha256, string? Error)
{
    private const string Sent = "sent";
    private const string Failed = "failed";

    public override string ToString() => Error is null
        ? FormattableString.Invariant($"{Sent} {Local} {Bytes} sha256 {Sha256}")
        : FormattableString.Invariant($"{Failed} {Local?.ToString() ?? "-"} {Bytes} {Error}");

    /// <summary>Parses a line of a sender's output. Returns null if the line does not describe a stream.</summary>
    public static SentStream? Parse(string line)
    {
        string[] parts = line.Split(' ', 4);
        if (parts.Length < 4 || !long.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out long bytes))
        {
            return null;
        }

        _ = IPEndPoint.TryParse(parts[1], out IPEndPoint? local);
        return parts[0] switch
        {
            Sent when parts[3].StartsWith("sha256 ", StringComparison.Ordinal) => new SentStream(local, bytes, parts[3]["sha256 ".Length..], null),
            Failed => new SentStream(local, bytes, "", parts[3]),
            _ => null,
        };
    }
}
