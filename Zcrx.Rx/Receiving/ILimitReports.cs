using System.Net;

namespace Zcrx.Rx.Receiving;

/// <summary>Receives a report each time that a limit was enforced. Ring thread only.</summary>
internal interface ILimitReports
{
    /// <summary>Records that a limit was enforced.</summary>
    /// <param name="limit">The limit.</param>
    /// <param name="listener">The name of the listener; null for a limit of the queue.</param>
    /// <param name="peer">The peer that was affected; null for none.</param>
    /// <param name="reason">The cause, as a clause.</param>
    void Acted(ZcrxLimit limit, string? listener, IPEndPoint? peer, string reason);

    /// <summary>Records that a limit no longer has an effect.</summary>
    /// <param name="limit">The limit.</param>
    /// <param name="reason">The cause, as a clause.</param>
    void Ended(ZcrxLimit limit, string reason);
}
