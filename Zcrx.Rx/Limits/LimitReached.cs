using System.Net;
using System.Text.Json.Serialization;
using Zcrx.Interop;

namespace Zcrx.Rx;

/// <summary>Represents a report that a limit was enforced, for example that connections were refused.</summary>
/// <remarks>
/// The first case is reported at once. Further cases are counted and reported together every few seconds, so peers cannot cause a flood of
/// reports.
/// </remarks>
/// <param name="Queue">The queue's name.</param>
/// <param name="Limit">The limit.</param>
/// <param name="Listener">The name of the listener; null for a limit of the queue.</param>
/// <param name="Count">How often the limit was enforced since its last report. 0 means that accepting has resumed after
/// <see cref="ZcrxLimit.Descriptors"/> had stopped it.</param>
/// <param name="RemoteEndPoint">The peer that was affected last; null if none was.</param>
/// <param name="Reason">The cause with its values: a clause without a full stop.</param>
/// <param name="Time">The time of the report.</param>
public sealed record LimitReached(
    string Queue,
    ZcrxLimit Limit,
    string? Listener,
    long Count,
    [property: JsonConverter(typeof(IPEndPointJsonConverter))] IPEndPoint? RemoteEndPoint,
    string Reason,
    DateTimeOffset Time);
