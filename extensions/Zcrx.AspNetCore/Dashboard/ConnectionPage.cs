namespace Zcrx.AspNetCore.Dashboard;

/// <summary>Represents one page of the connections.</summary>
/// <param name="Total">The number of all connections.</param>
/// <param name="Matching">The number of connections that match the filter.</param>
/// <param name="Page">The number of the page, from 0.</param>
/// <param name="Pages">The number of pages.</param>
/// <param name="Rows">The connections of the page.</param>
internal sealed record ConnectionPage(int Total, int Matching, int Page, int Pages, IReadOnlyList<ConnectionRow> Rows);
