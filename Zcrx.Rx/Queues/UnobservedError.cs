using System.Text.Json.Serialization;
using Zcrx.Interop;

namespace Zcrx.Rx;

/// <summary>Reports a stream error whose observer has no error handler. Rx rethrows such an error.</summary>
/// <param name="Connection">The connection whose stream has failed.</param>
/// <param name="Error">The error that ended the stream.</param>
public sealed record UnobservedError([property: JsonIgnore] ZcrxConnection Connection, [property: JsonConverter(typeof(ExceptionJsonConverter))] Exception Error);
