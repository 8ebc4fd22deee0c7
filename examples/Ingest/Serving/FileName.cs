using System.Globalization;
using System.Net;
using Zcrx.Rx;

namespace Ingest.Serving;

/// <summary>Builds file names from the time, the peer's address and a number that is unique to the connection.</summary>
internal static class FileName
{
    /// <summary>The suffix of a file whose stream has not ended.</summary>
    public const string PartSuffix = ".part";

    public static string Of(ZcrxConnection connection, DateTimeOffset time) => Of(time, connection.RemoteEndPoint, connection.Id);

    public static string Of(DateTimeOffset time, EndPoint? remote, long id)
    {
        string stamp = time.UtcDateTime.ToString("yyyyMMdd'T'HHmmss.fff'Z'", CultureInfo.InvariantCulture);
        // An IPv6 address contains colons and, with a scope, a percent sign. Not every file system accepts them.
        string peer = PeerText.Plain(remote) is { Address: var address, Port: var port }
            ? string.Create(CultureInfo.InvariantCulture, $"{address.ToString().Replace(':', '-').Replace('%', '-')}_{port}")
            : "unknown";
        return string.Create(CultureInfo.InvariantCulture, $"{stamp}_{peer}_{id}.bin");
    }
}
