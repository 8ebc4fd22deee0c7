using Zcrx.Benchmarks.Receivers;

namespace Zcrx.Benchmarks.Comparison;

/// <summary>Represents the options of a comparison: receivers, cases and duration.</summary>
internal sealed record CompareOptions
{
    public bool IsShort { get; init; }

    /// <summary>Gets the traffic of one case, in bytes.</summary>
    public long Volume { get; init; } = 3L << 30;

    /// <summary>Gets the part of the traffic of one case that only warms up, in bytes. Null for a third of the volume.</summary>
    public long? WarmUp { get; init; }

    public int Rounds { get; init; } = 5;

    public IReadOnlyList<int> Connections { get; init; } = [1, 64, 512];

    public IReadOnlyList<string> Receivers { get; init; } = ReceiverKind.Default;

    public bool ReadsAll { get; init; }

    public bool WithLoop { get; init; } = true;

    public bool IsVerbose { get; init; }

    public string? ReportPath { get; init; }
}
