namespace Ingest.Values;

/// <summary>Represents a time span that is formatted as on the command line.</summary>
internal readonly record struct Duration(TimeSpan Time)
{
    public static Duration Seconds(double seconds) => new(TimeSpan.FromSeconds(seconds));

    /// <inheritdoc/>
    public override string ToString() => Time.TotalSeconds switch
    {
        < 1 and > 0 => FormattableString.Invariant($"{Time.TotalMilliseconds:0.#}ms"),
        >= 120 => FormattableString.Invariant($"{Time.TotalMinutes:0.#}m"),
        _ => FormattableString.Invariant($"{Time.TotalSeconds:0.##}s"),
    };
}
