using System.Globalization;

namespace Zcrx.Benchmarks.Comparison;

/// <summary>Sizes as people write them.</summary>
internal static class ByteSize
{
    public const double GiB = 1L << 30;

    private static readonly (string Suffix, int Shift)[] Units = [("GiB", 30), ("MiB", 20), ("KiB", 10), ("B", 0)];

    /// <summary>Reads 4GiB, 512MiB, 64KiB or 100B; without a unit it is bytes.</summary>
    public static bool TryParse(string text, out long bytes)
    {
        bytes = 0;
        foreach ((string suffix, int shift) in Units)
        {
            if (text.EndsWith(suffix, StringComparison.OrdinalIgnoreCase))
            {
                bool valid = double.TryParse(text[..^suffix.Length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value);
                bytes = (long)(value * (1L << shift));
                return valid && bytes > 0;
            }
        }

        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out bytes) && bytes > 0;
    }

    public static string Format(double bytes)
    {
        foreach ((string suffix, int shift) in Units)
        {
            if (bytes >= 1L << shift)
            {
                double value = bytes / (1L << shift);
                return string.Create(CultureInfo.InvariantCulture, $"{(value >= 100 ? Math.Round(value) : value):0.##} {suffix}");
            }
        }

        return "0 B";
    }
}
