namespace Telemetry.Tests.Support;

/// <summary>Represents an exported span.</summary>
internal sealed record OtlpSpan(string Name, string Id, string ParentId, IReadOnlyDictionary<string, string> Attributes);
