using Zcrx.Rx;

namespace Ingest.Display;

/// <summary>Formats amounts for people: rounded, with a unit.</summary>
internal static class Quantity
{
    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB"];

    public static string Bytes(double bytes)
    {
        int unit = 0;
        while (Math.Abs(bytes) >= 1024 && unit < Units.Length - 1)
        {
            bytes /= 1024;
            unit++;
        }

        return unit == 0 ? FormattableString.Invariant($"{bytes:0} B") : FormattableString.Invariant($"{bytes:0.0} {Units[unit]}");
    }

    public static string Rate(double bytes, TimeSpan time) => time <= TimeSpan.Zero ? "-" : $"{Bytes(bytes / time.TotalSeconds)}/s";

    public static string Seconds(TimeSpan time) => FormattableString.Invariant($"{time.TotalSeconds:0.0} s");

    public static string Count(long count) => FormattableString.Invariant($"{count}");

    /// <summary>Returns a number with the right form of its noun: "1 stream", "2 streams".</summary>
    public static string Of(long count, string one, string many) => FormattableString.Invariant($"{count} {(count == 1 ? one : many)}");

    /// <summary>Returns how often paused connections of a queue resumed.</summary>
    public static long Resumptions(QueueStatistics queue) => queue.Pauses - queue.PausedConnections;

    public static string Share(double share) => FormattableString.Invariant($"{share:0%}");
}
