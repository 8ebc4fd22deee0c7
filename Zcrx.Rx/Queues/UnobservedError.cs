using System.Text.Json.Serialization;
using Zcrx.Interop;

namespace Zcrx.Rx;

/// <summary>Represents a stream error that an observer without an error handler has rethrown.</summary>
/// <param name="Connection">The connection of the stream.</param>
/// <param name="Error">The error with which the stream has ended.</param>
public sealed record UnobservedError([property: JsonIgnore] ZcrxConnection Connection, [property: JsonConverter(typeof(ExceptionJsonConverter))] Exception Error);
