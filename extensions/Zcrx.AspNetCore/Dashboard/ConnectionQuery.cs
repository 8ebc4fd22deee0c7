using System.Globalization;
using Microsoft.AspNetCore.Http;
using Zcrx.Actors;

namespace Zcrx.AspNetCore.Dashboard;

/// <summary>Represents a request for a page of connections: filter, order and page.</summary>
internal sealed record ConnectionQuery
{
    public const int LargestPage = 200;
    private const int UsualPage = 50;

    public string Queue { get; init; } = "";

    public string State { get; init; } = "";

    /// <summary>
    /// Gets the text to search for: part of the peer's address or of the listener's name, or the first digits of the connection's number.
    /// </summary>
    public string Search { get; init; } = "";

    public string Sort { get; init; } = "leased";

    public int Page { get; init; }

    public int Size { get; init; } = UsualPage;

    /// <summary>Parses a query. A missing or invalid value gets its default.</summary>
    public static ConnectionQuery From(IQueryCollection query) => new()
    {
        Queue = query["queue"].ToString(),
        State = query["state"].ToString(),
        Search = query["search"].ToString().Trim(),
        Sort = query["sort"].ToString() is { Length: > 0 } sort ? sort : "leased",
        Page = Number(query["page"].ToString(), 0),
        Size = int.Clamp(Number(query["size"].ToString(), UsualPage), 1, LargestPage),
    };

    /// <summary>Returns the requested page of the connections that match the filter.</summary>
    /// <param name="queues">The queues with their connections.</param>
    /// <param name="mask">Masks addresses before the search, so that a search cannot reveal the masked parts.</param>
    public ConnectionPage Apply(IReadOnlyList<QueueStatus> queues, AddressMask mask)
    {
        int total = queues.Sum(static queue => queue.Connections.Count);
        ConnectionStatus[] matching = [.. queues.SelectMany(static queue => queue.Connections).Where(connection => Matches(connection, mask))];
        int pages = int.Max(1, (matching.Length + Size - 1) / Size);
        // Connections may have ended since the last request, so the requested page may no longer exist.
        int page = int.Clamp(Page, 0, pages - 1);
        return new ConnectionPage(
            total,
            matching.Length,
            page,
            pages,
            [.. Ordered(matching).Skip(page * Size).Take(Size).Select(connection => new ConnectionRow(
                connection.Id, connection.Queue, connection.Listener, mask.Of(connection.RemoteEndPoint), connection.State.ToString(), connection.BytesReceived, connection.BuffersLeased))]);
    }

    private IOrderedEnumerable<ConnectionStatus> Ordered(IEnumerable<ConnectionStatus> connections) => Sort switch
    {
        "bytes" => connections.OrderByDescending(static connection => connection.BytesReceived).ThenBy(static connection => connection.Id),
        "id" => connections.OrderBy(static connection => connection.Id),
        _ => connections.OrderByDescending(static connection => connection.BuffersLeased).ThenBy(static connection => connection.Id),
    };

    private bool Matches(ConnectionStatus connection, AddressMask mask) =>
        (Queue.Length == 0 || connection.Queue == Queue) &&
        (State.Length == 0 || connection.State.ToString() == State) &&
        (Search.Length == 0 ||
            mask.Of(connection.RemoteEndPoint).Contains(Search, StringComparison.OrdinalIgnoreCase) ||
            (connection.Listener?.Contains(Search, StringComparison.OrdinalIgnoreCase) ?? false) ||
            connection.Id.ToString(CultureInfo.InvariantCulture).StartsWith(Search, StringComparison.Ordinal));

    private static int Number(string text, int otherwise) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : otherwise;
}
