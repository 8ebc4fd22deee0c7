using System.Net;

namespace Zcrx.Rx.Receiving;

/// <summary>Receives reports of limits that were enforced. Ring thread only.</summary>
internal interface ILimitReports
{
    /// <summary>Reports that a limit was enforced.</summary>
    /// <param name="limit">The limit that was reached.</param>
    /// <param name="listener">The name of the listener; null for a limit of the queue.</param>
    /// <param name="peer">The peer whose connection was affected; null for none.</param>
    /// <param name="reason">The cause, as a clause.</param>
    void Acted(ZcrxLimit limit, string? listener, IPEndPoint? peer, string reason);

    /// <summary>Reports that a limit is no longer enforced, because its condition is over.</summary>
    /// <param name="limit">The limit that was reached before.</param>
    /// <param name="reason">The cause, as a clause.</param>
    void Ended(ZcrxLimit limit, string reason);
}
