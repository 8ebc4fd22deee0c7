namespace Zcrx.AspNetCore.Dashboard;

/// <summary>Represents a token against forgery, and the header that takes it.</summary>
internal sealed record TokenView(string Header, string Token);
