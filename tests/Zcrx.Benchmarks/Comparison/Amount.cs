using System.Globalization;

namespace Zcrx.Benchmarks.Comparison;

/// <summary>Formats measured values for the tables.</summary>
internal static class Amount
{
    public const double GiB = 1L << 30;

    /// <summary>Formats a number of bytes with a suitable unit, for example 0.03 B, 56 B or 1536 KiB.</summary>
    public static string Bytes(double bytes) => bytes < 1024 ? Number(bytes, "0.##") + " B" : Number(bytes / 1024, "0") + " KiB";

    public static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    public static string Times(double value) => Number(value, "0.00") + " x";
}
