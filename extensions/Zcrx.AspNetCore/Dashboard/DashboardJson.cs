using System.Text.Json.Serialization;

namespace Zcrx.AspNetCore.Dashboard;

/// <summary>
/// Serializes the JSON of the dashboard, independent of the application's JSON options. The default encoder also escapes
/// the special characters of HTML.
/// </summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(DashboardSnapshot))]
[JsonSerializable(typeof(IReadOnlyList<TimelineEntry>))]
[JsonSerializable(typeof(ConnectionPage))]
[JsonSerializable(typeof(SessionView))]
[JsonSerializable(typeof(TokenView))]
[JsonSerializable(typeof(CommandRequest))]
[JsonSerializable(typeof(CommandResult))]
internal sealed partial class DashboardJson : JsonSerializerContext;
