namespace Zcrx.Chaos.Recovery;

/// <summary>Times in order.</summary>
internal sealed class Distribution(string name, IEnumerable<TimeSpan> times)
{
    private readonly TimeSpan[] _times = [.. times.Order()];

    public string Name => name;

    /// <summary>0 for the shortest, 0.5 for the median, 1 for the longest.</summary>
    public TimeSpan At(double part) => _times[(int)Math.Round(part * (_times.Length - 1))];
}
