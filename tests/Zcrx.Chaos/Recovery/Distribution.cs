namespace Zcrx.Chaos.Recovery;

/// <summary>Represents a sorted list of times.</summary>
internal sealed class Distribution(string name, IEnumerable<TimeSpan> times)
{
    private readonly TimeSpan[] _times = [.. times.Order()];

    public string Name => name;

    /// <summary>Returns a quantile: 0 for the shortest time, 0.5 for the median, 1 for the longest.</summary>
    public TimeSpan At(double part) => _times[(int)Math.Round(part * (_times.Length - 1))];
}
