namespace Telemetry.Tests.Support;

/// <summary>Represents a span that the example has exported.</summary>
internal sealed record OtlpSpan(string Name, string Id, string ParentId, IReadOnlyDictionary<string, string> Attributes);
