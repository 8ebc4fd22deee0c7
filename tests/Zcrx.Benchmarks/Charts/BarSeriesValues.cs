namespace Zcrx.Benchmarks.Charts;

/// <summary>Contains the values of one series of a chart, one for each category.</summary>
internal sealed record BarSeriesValues(string Title, IReadOnlyList<double> Values);
