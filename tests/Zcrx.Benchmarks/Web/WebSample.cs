namespace Zcrx.Benchmarks.Web;

/// <summary>Represents one measurement of a load.</summary>
/// <param name="Rate">Units per second of wall time.</param>
/// <param name="Cost">Seconds of the server's CPU time per unit.</param>
internal readonly record struct WebSample(double Rate, double Cost);
