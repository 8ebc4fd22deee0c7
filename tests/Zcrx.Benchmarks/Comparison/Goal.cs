namespace Zcrx.Benchmarks.Comparison;

/// <summary>Represents a goal for a value: a minimum or a maximum.</summary>
internal sealed record Goal(string Text, double Limit, bool IsAtLeast, Func<double, string> Format)
{
    public static Goal Socket { get; } = new("GiB per CPU-second, at least 1.2 x Socket", 1.2, true, Amount.Times);

    public static Goal Akka { get; } = new("GiB per CPU-second, at least 3 x Akka.IO", 3, true, Amount.Times);

    public static Goal Allocation { get; } = new("allocated per GiB, at most 64 KiB", 64 * 1024, false, Amount.Bytes);

    public static Goal LoopTime { get; } = new("one buffer, at most 3 x a bare loop", 3, false, Amount.Times);

    public static Goal LoopAllocation { get; } = new("allocated per buffer, 0 B", 0, false, Amount.Bytes);

    /// <summary>Returns a text with the value, and whether it meets the goal.</summary>
    public string Judge(double? value) => value is { } known ? $"{Format(known)} {(IsMet(known) ? "met" : "NOT MET")}" : "not run";

    private bool IsMet(double value) => IsAtLeast ? value >= Limit : value <= Limit;
}
