namespace Telemetry.Tests.Support;

/// <summary>A span as it was exported.</summary>
internal sealed record OtlpSpan(string Name, string Id, string ParentId, IReadOnlyDictionary<string, string> Attributes);
