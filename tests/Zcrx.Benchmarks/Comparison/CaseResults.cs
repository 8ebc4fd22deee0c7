namespace Zcrx.Benchmarks.Comparison;

/// <summary>Contains the measurements of all rounds and computes medians and ratios from them.</summary>
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

    /// <summary>Returns the ratio of a value to the same value of another receiver, as the median over the rounds. Null if the other receiver did not run.</summary>
    /// <remarks>
    /// In every round both receivers run within seconds of each other, under the same disturbances. The ratio therefore varies less than either
    /// value.
    /// </remarks>
    public double? Ratio(ComparisonCase item, string other, Func<Measurement, double> value) =>
        _rounds.TryGetValue(item with { Receiver = other }, out List<Measurement>? others)
            ? MedianOf(_rounds[item].Zip(others, (ours, theirs) => value(ours) / value(theirs)))
            : null;

    private static double MedianOf(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
