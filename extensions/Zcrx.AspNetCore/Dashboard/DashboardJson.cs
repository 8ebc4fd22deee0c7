using System.Text.Json.Serialization;

namespace Zcrx.AspNetCore.Dashboard;

/// <summary>Writes and reads the JSON of the dashboard. The options of the application do not apply to it. The default encoder also escapes what HTML gives a meaning.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(DashboardSnapshot))]
[JsonSerializable(typeof(IReadOnlyList<TimelineEntry>))]
[JsonSerializable(typeof(ConnectionPage))]
[JsonSerializable(typeof(SessionView))]
[JsonSerializable(typeof(TokenView))]
[JsonSerializable(typeof(CommandRequest))]
[JsonSerializable(typeof(CommandResult))]
internal sealed partial class DashboardJson : JsonSerializerContext;
