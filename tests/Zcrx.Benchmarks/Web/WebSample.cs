namespace Zcrx.Benchmarks.Web;

/// <summary>Represents the measurement of one load on one server.</summary>
/// <param name="Rate">The number of units per second of wall time.</param>
/// <param name="Cost">The server's CPU time per unit, in seconds.</param>
internal readonly record struct WebSample(double Rate, double Cost);
