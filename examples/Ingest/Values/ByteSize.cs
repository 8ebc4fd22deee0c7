using System.Globalization;

namespace Ingest.Values;

/// <summary>Bytes, as written on the command line: <c>128MiB</c>, <c>4096</c>.</summary>
internal readonly record struct ByteSize(long Bytes)
{
    private static readonly (string Unit, long Bytes)[] Units =
    [
        ("GiB", 1L << 30), ("MiB", 1L << 20), ("KiB", 1L << 10),
        ("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1_000), ("kB", 1_000), ("B", 1), ("", 1),
    ];

    public static ValueOption.Read<ByteSize> Between(ByteSize minimum, ByteSize maximum) => (string text, out ByteSize value) =>
        TryParse(text, out value) && value.Bytes >= minimum.Bytes && value.Bytes <= maximum.Bytes
            ? null
            : $"a size between {minimum} and {maximum}, such as 64KiB, 128MiB or 1GiB";

    /// <inheritdoc/>
    public override string ToString()
    {
        foreach ((string unit, long bytes) in Units.AsSpan(0, 3))
        {
            if (Bytes >= bytes && Bytes % bytes == 0)
            {
                return FormattableString.Invariant($"{Bytes / bytes}{unit}");
            }
        }

        return FormattableString.Invariant($"{Bytes}B");
    }

    private static bool TryParse(string text, out ByteSize size)
    {
        size = default;
        foreach ((string unit, long bytes) in Units)
        {
            if (!text.EndsWith(unit, StringComparison.Ordinal))
            {
                continue;
            }

            bool valid = decimal.TryParse(text[..^unit.Length].TrimEnd(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number)
                && number < long.MaxValue / bytes;
            size = new ByteSize(valid ? (long)(number * bytes) : 0);
            return valid;
        }

        return false;
    }
}
