namespace Zcrx.Benchmarks.Comparison;

/// <summary>Contains the measurements of all rounds. Computes medians and ratios from them.</summary>
/// <typeparam name="TCase">Identifies a case.</typeparam>
/// <typeparam name="TSample">The measurement of one run of a case.</typeparam>
internal sealed class CaseResults<TCase, TSample>
    where TCase : struct
{
    private readonly Dictionary<TCase, List<TSample>> _rounds = [];

    public void Add(TCase item, TSample measurement)
    {
        if (!_rounds.TryGetValue(item, out List<TSample>? rounds))
        {
            _rounds.Add(item, rounds = []);
        }

        rounds.Add(measurement);
    }

    public bool Has(TCase item) => _rounds.ContainsKey(item);

    public double Median(TCase item, Func<TSample, double> value) => MedianOf(_rounds[item].Select(value));

    public double Min(TCase item, Func<TSample, double> value) => _rounds[item].Min(value);

    public double Max(TCase item, Func<TSample, double> value) => _rounds[item].Max(value);

    /// <summary>
    /// Returns the ratio of a value to the same value of another case, as the median over the rounds. Returns null if the other case did
    /// not run.
    /// </summary>
    /// <remarks>
    /// In each round, both cases run within seconds of each other and with the same disturbances. The ratio therefore varies less than the
    /// values.
    /// </remarks>
    public double? Ratio(TCase item, TCase other, Func<TSample, double> value) =>
        _rounds.TryGetValue(other, out List<TSample>? others)
            ? MedianOf(_rounds[item].Zip(others, (ours, theirs) => value(ours) / value(theirs)))
            : null;

    private static double MedianOf(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
