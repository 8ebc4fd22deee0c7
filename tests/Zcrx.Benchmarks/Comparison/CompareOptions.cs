using Zcrx.Benchmarks.Receivers;

namespace Zcrx.Benchmarks.Comparison;

/// <summary>Represents the options of a comparison: receivers, cases and duration.</summary>
internal sealed record CompareOptions
{
    public bool IsShort { get; init; }

    /// <summary>Gets the number of bytes that each case transfers.</summary>
    public long Volume { get; init; } = 3L << 30;

    /// <summary>
    /// Gets the number of bytes of each case that are a warm-up and are not measured. Null means a third of <c>Volume</c>.
    /// </summary>
    public long? WarmUp { get; init; }

    public int Rounds { get; init; } = 5;

    public IReadOnlyList<int> Connections { get; init; } = [1, 64, 512];

    public IReadOnlyList<string> Receivers { get; init; } = ReceiverKind.Default;

    public bool ReadsAll { get; init; }

    public bool WithLoop { get; init; } = true;

    public bool IsVerbose { get; init; }

    public string? ReportPath { get; init; }
}
