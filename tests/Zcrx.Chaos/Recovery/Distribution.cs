namespace Zcrx.Chaos.Recovery;

/// <summary>Represents measured times, from which quantiles are read.</summary>
internal sealed class Distribution(string name, IEnumerable<TimeSpan> times)
{
    private readonly TimeSpan[] _times = [.. times.Order()];

    public string Name => name;

    /// <summary>Returns a quantile. 0 is the shortest time, 0.5 the median, and 1 the longest.</summary>
    public TimeSpan At(double part) => _times[(int)Math.Round(part * (_times.Length - 1))];
}
