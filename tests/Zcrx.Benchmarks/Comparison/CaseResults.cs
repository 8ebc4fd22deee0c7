namespace Zcrx.Benchmarks.Comparison;

/// <summary>The measurements of all rounds, and what is read off them.</summary>
internal sealed class CaseResults
{
    private readonly Dictionary<ComparisonCase, List<Measurement>> _rounds = [];

    public void Add(ComparisonCase item, Measurement measurement)
    {
        if (!_rounds.TryGetValue(item, out List<Measurement>? rounds))
        {
            _rounds.Add(item, rounds = []);
        }

        rounds.Add(measurement);
    }

    public bool Has(ComparisonCase item) => _rounds.ContainsKey(item);

    public double Median(ComparisonCase item, Func<Measurement, double> value) => MedianOf(_rounds[item].Select(value));

    public double Min(ComparisonCase item, Func<Measurement, double> value) => _rounds[item].Min(value);

    public double Max(ComparisonCase item, Func<Measurement, double> value) => _rounds[item].Max(value);

    /// <summary>
    /// How many times more per CPU-second than another receiver: the median of the rounds' ratios. Both ran within seconds of each other in
    /// a round, so what else the machine did hit both, and the ratio is steadier than either number.
    /// </summary>
    public double? Ratio(ComparisonCase item, string other) =>
        _rounds.TryGetValue(item with { Receiver = other }, out List<Measurement>? others)
            ? MedianOf(_rounds[item].Zip(others, static (ours, theirs) => ours.PerCpuSecond / theirs.PerCpuSecond))
            : null;

    private static double MedianOf(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
