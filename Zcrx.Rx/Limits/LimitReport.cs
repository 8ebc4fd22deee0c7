using System.Net;

namespace Zcrx.Rx.Limits;

/// <summary>Represents the pending report about one limit.</summary>
internal sealed record LimitReport(ZcrxLimit Limit, string? Listener, long Count, IPEndPoint? Peer, string Reason);
