using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Zcrx.Interop;

/// <summary>Writes an address and port as text, such as <c>10.0.0.1:9000</c> or <c>[::1]:9000</c>.</summary>
/// <remarks>
/// Without a converter, <see cref="JsonSerializer"/> reads all properties of an <see cref="IPAddress"/>, some of which throw.
/// </remarks>
public sealed class IPEndPointJsonConverter : JsonConverter<IPEndPoint>
{
    /// <inheritdoc/>
    public override IPEndPoint Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        IPEndPoint.TryParse(reader.GetString() ?? "", out IPEndPoint? endPoint) ? endPoint : throw new JsonException("Expected an address and port, such as 10.0.0.1:9000.");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, IPEndPoint value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(value);
        writer.WriteStringValue(value.ToString());
    }
}
