using System.Text.Json.Serialization;

namespace Zcrx.Interop.Nic.Journal;

/// <summary>Serializes journals without reflection, so that trimmed and native programs can write them.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UseStringEnumConverter = true)]
[JsonSerializable(typeof(JournalRecord))]
internal sealed partial class JournalJson : JsonSerializerContext;
