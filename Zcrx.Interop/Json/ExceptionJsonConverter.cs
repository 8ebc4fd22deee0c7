using System.Text.Json;
using System.Text.Json.Serialization;

namespace Zcrx.Interop;

/// <summary>Writes an exception as an object with its type and its message, without the stack trace.</summary>
/// <remarks><see cref="JsonSerializer"/> has no converter for exceptions. Reading returns a <see cref="ReportedException"/>.</remarks>
public sealed class ExceptionJsonConverter : JsonConverter<Exception>
{
    private const string TypeName = "Type";
    private const string MessageName = "Message";

    /// <inheritdoc/>
    public override Exception Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using JsonDocument document = JsonDocument.ParseValue(ref reader);
        string? Text(string name) => document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty(NameOf(name, options), out JsonElement text) ? text.GetString() : null;
        return new ReportedException(Text(TypeName) ?? nameof(Exception), Text(MessageName) ?? "");
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, Exception value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(value);
        ArgumentNullException.ThrowIfNull(options);
        writer.WriteStartObject();
        writer.WriteString(NameOf(TypeName, options), value is ReportedException reported ? reported.TypeName : value.GetType().Name);
        writer.WriteString(NameOf(MessageName, options), value.Message);
        writer.WriteEndObject();
    }

    private static string NameOf(string name, JsonSerializerOptions options) => options.PropertyNamingPolicy?.ConvertName(name) ?? name;
}
