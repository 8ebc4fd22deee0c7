using System.Text.Json.Serialization;
using Zcrx.Interop;

namespace Zcrx.Rx;

/// <summary>Represents an attempt of a queue's pool to grow.</summary>
/// <param name="Queue">The queue's name.</param>
/// <param name="Buffers">The number of buffers in the pool afterwards.</param>
/// <param name="Error">
/// Null if the pool has grown; otherwise the reason of the failure. After a failure, the pool does not try again until
/// <see cref="ZcrxQueueOptions.MaxAreaSize"/> is raised.
/// </param>
/// <param name="Time">The time of the attempt.</param>
public sealed record PoolGrowth(string Queue, int Buffers, [property: JsonConverter(typeof(ExceptionJsonConverter))] Exception? Error, DateTimeOffset Time);
