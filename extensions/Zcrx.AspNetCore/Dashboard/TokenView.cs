namespace Zcrx.AspNetCore.Dashboard;

/// <summary>Represents an antiforgery token and the name of the header that carries the token.</summary>
internal sealed record TokenView(string Header, string Token);
