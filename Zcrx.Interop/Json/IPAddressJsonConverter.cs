using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Zcrx.Interop;

/// <summary>Writes an address as text, such as <c>10.0.0.1</c>.</summary>
public sealed class IPAddressJsonConverter : JsonConverter<IPAddress>
{
    /// <inheritdoc/>
    public override IPAddress Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        IPAddress.TryParse(reader.GetString(), out IPAddress? address) ? address : throw new JsonException("Expected an address, such as 10.0.0.1.");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, IPAddress value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(value);
        writer.WriteStringValue(value.ToString());
    }
}
