using System.Buffers;
using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Zcrx.Rx;

/// <summary>An amount of memory, as people write it: <c>64MiB</c>, <c>64 MiB</c>, <c>1.5GiB</c>, <c>4096</c>.</summary>
/// <remarks>Immutable. Units are binary and say so (<c>B</c>, <c>KiB</c>, <c>MiB</c>, <c>GiB</c>, <c>TiB</c>, in any case); what could mean two things, such as <c>64MB</c>, is refused.</remarks>
[TypeConverter(typeof(ByteSizeConverter))]
public readonly record struct ByteSize : IComparable<ByteSize>, IParsable<ByteSize>
{
    private const string Expected = "a size is a number of bytes, or a number with one of the units B, KiB, MiB, GiB and TiB, such as 64MiB";

    private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("0123456789.");

    // Largest first: the first that divides a size is the one it is written in.
    private static readonly (string Name, int Shift)[] Units = [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)];

    /// <summary>A size of so many bytes.</summary>
    /// <param name="bytes">Bytes; not negative.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bytes"/> is negative.</exception>
    public ByteSize(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        Bytes = bytes;
    }

    /// <summary>The size in bytes.</summary>
    public long Bytes { get; }

    /// <summary>The size in bytes.</summary>
    /// <param name="size">A size.</param>
    public static implicit operator long(ByteSize size) => size.Bytes;

    /// <summary>Whether one size is smaller than another.</summary>
    /// <param name="left">One size.</param>
    /// <param name="right">Another.</param>
    /// <returns>Whether <paramref name="left"/> is smaller.</returns>
    public static bool operator <(ByteSize left, ByteSize right) => left.Bytes < right.Bytes;

    /// <summary>Whether one size is larger than another.</summary>
    /// <param name="left">One size.</param>
    /// <param name="right">Another.</param>
    /// <returns>Whether <paramref name="left"/> is larger.</returns>
    public static bool operator >(ByteSize left, ByteSize right) => left.Bytes > right.Bytes;

    /// <summary>Whether one size is at most another.</summary>
    /// <param name="left">One size.</param>
    /// <param name="right">Another.</param>
    /// <returns>Whether <paramref name="left"/> is not larger.</returns>
    public static bool operator <=(ByteSize left, ByteSize right) => left.Bytes <= right.Bytes;

    /// <summary>Whether one size is at least another.</summary>
    /// <param name="left">One size.</param>
    /// <param name="right">Another.</param>
    /// <returns>Whether <paramref name="left"/> is not smaller.</returns>
    public static bool operator >=(ByteSize left, ByteSize right) => left.Bytes >= right.Bytes;

    /// <summary>Reads a size.</summary>
    /// <param name="s">Such as <c>64MiB</c>.</param>
    /// <param name="provider">Not used: a size is written the same everywhere.</param>
    /// <returns>The size.</returns>
    /// <exception cref="FormatException">It is none; the message says what is accepted.</exception>
    public static ByteSize Parse(string s, IFormatProvider? provider)
    {
        ArgumentNullException.ThrowIfNull(s);
        return TryParse(s, out ByteSize size, out string? error) ? size : throw new FormatException(error);
    }

    /// <inheritdoc cref="Parse(string, IFormatProvider?)"/>
    public static ByteSize Parse(string s) => Parse(s, CultureInfo.InvariantCulture);

    /// <summary>Reads a size, if it is one.</summary>
    /// <param name="text">Such as <c>64MiB</c>.</param>
    /// <param name="size">The size.</param>
    /// <returns>Whether it is one.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out ByteSize size) => TryParse(text, out size, out _);

    /// <inheritdoc cref="TryParse(string?, out ByteSize)"/>
    /// <param name="s">Such as <c>64MiB</c>.</param>
    /// <param name="provider">Not used: a size is written the same everywhere.</param>
    /// <param name="result">The size.</param>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out ByteSize result) => TryParse(s, out result, out _);

    /// <summary>Reads a size, or says why it is none.</summary>
    /// <param name="text">Such as <c>64MiB</c>.</param>
    /// <param name="size">The size.</param>
    /// <param name="error">What is wrong and what is accepted: a clause without a full stop.</param>
    /// <returns>Whether it is a size.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out ByteSize size, [NotNullWhen(false)] out string? error)
    {
        size = default;
        string trimmed = text?.Trim() ?? "";
        int digits = trimmed.AsSpan().IndexOfAnyExcept(NumberCharacters);
        string number = digits < 0 ? trimmed : trimmed[..digits];
        string unit = digits < 0 ? "" : trimmed[digits..].TrimStart();
        if (!TryGetShift(unit, out int shift) || !decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal value))
        {
            error = $"'{text}' is not a size; {Expected}";
            return false;
        }

        if (value > (decimal)long.MaxValue / (1L << shift))
        {
            error = $"'{text}' is more than {long.MaxValue} bytes";
            return false;
        }

        decimal bytes = value * (1L << shift);
        if (bytes != decimal.Truncate(bytes))
        {
            error = $"'{text}' is not a whole number of bytes";
            return false;
        }

        size = new ByteSize((long)bytes);
        error = null;
        return true;
    }

    /// <inheritdoc/>
    public int CompareTo(ByteSize other) => Bytes.CompareTo(other.Bytes);

    /// <summary>The size in the largest unit that needs no fraction.</summary>
    /// <returns>Such as <c>64MiB</c>; <see cref="Parse(string)"/> reads it back.</returns>
    public override string ToString()
    {
        foreach ((string name, int shift) in Units)
        {
            if (Bytes != 0 && (Bytes & ((1L << shift) - 1)) == 0)
            {
                return (Bytes >> shift).ToString(CultureInfo.InvariantCulture) + name;
            }
        }

        return Bytes.ToString(CultureInfo.InvariantCulture) + "B";
    }

    private static bool TryGetShift(string unit, out int shift)
    {
        shift = 0;
        if (unit.Length == 0 || unit.Equals("B", StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        foreach ((string name, int candidate) in Units)
        {
            if (unit.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                shift = candidate;
                return true;
            }
        }

        return false;
    }
}
