using System.Text.Json;

namespace Zcrx.Actors.Diagnostics;

/// <summary>Formats attribute values in snake case, as OpenTelemetry does.</summary>
internal static class AttributeValue
{
    /// <summary>Returns the name of a value: <c>max_connections</c> for <c>MaxConnections</c>.</summary>
    public static string Of<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    /// <summary>Returns the name of an engine, such as <c>device_less</c>, or <c>none</c> if there is no engine.</summary>
    public static string Of(Rx.EngineChoice? engine) => engine?.Name.Replace('-', '_') ?? "none";
}
