using System.Net;

namespace Zcrx.Rx.Limits;

/// <summary>Represents a report about one limit that is due.</summary>
internal sealed record LimitReport(ZcrxLimit Limit, string? Listener, long Count, IPEndPoint? Peer, string Reason);
