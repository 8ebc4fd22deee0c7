using System.Buffers;
using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Zcrx.Rx;

/// <summary>Represents an amount of memory in readable form: <c>64MiB</c>, <c>64 MiB</c>, <c>1.5GiB</c>, <c>4096</c>.</summary>
/// <remarks>
/// Immutable. Units are binary (<c>B</c>, <c>KiB</c>, <c>MiB</c>, <c>GiB</c>, <c>TiB</c>, in any case). Ambiguous units, such
/// as <c>64MB</c>, are refused.
/// </remarks>
[TypeConverter(typeof(ByteSizeConverter))]
public readonly record struct ByteSize : IComparable<ByteSize>, IParsable<ByteSize>
{
    private const string Expected = "a size is a number of bytes, or a number with one of the units B, KiB, MiB, GiB and TiB, such as 64MiB";

    private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("0123456789.");

    // The largest unit comes first, because a size is written in the first unit that divides it.
    private static readonly (string Name, int Shift)[] Units = [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)];

    /// <summary>Initializes a size.</summary>
    /// <param name="bytes">The number of bytes; not negative.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bytes"/> is negative.</exception>
    public ByteSize(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        Bytes = bytes;
    }

    /// <summary>Gets the size in bytes.</summary>
    public long Bytes { get; }

    /// <summary>Returns the size in bytes.</summary>
    /// <param name="size">A size.</param>
    public static implicit operator long(ByteSize size) => size.Bytes;

    /// <summary>Determines whether one size is smaller than another.</summary>
    /// <param name="left">The first size.</param>
    /// <param name="right">The second size.</param>
    /// <returns>Whether <paramref name="left"/> is smaller.</returns>
    public static bool operator <(ByteSize left, ByteSize right) => left.Bytes < right.Bytes;

    /// <summary>Determines whether one size is larger than another.</summary>
    /// <param name="left">The first size.</param>
    /// <param name="right">The second size.</param>
    /// <returns>Whether <paramref name="left"/> is larger.</returns>
    public static bool operator >(ByteSize left, ByteSize right) => left.Bytes > right.Bytes;

    /// <summary>Determines whether one size is at most another.</summary>
    /// <param name="left">The first size.</param>
    /// <param name="right">The second size.</param>
    /// <returns>Whether <paramref name="left"/> is not larger.</returns>
    public static bool operator <=(ByteSize left, ByteSize right) => left.Bytes <= right.Bytes;

    /// <summary>Determines whether one size is at least another.</summary>
    /// <param name="left">The first size.</param>
    /// <param name="right">The second size.</param>
    /// <returns>Whether <paramref name="left"/> is not smaller.</returns>
    public static bool operator >=(ByteSize left, ByteSize right) => left.Bytes >= right.Bytes;

    /// <summary>Parses a size.</summary>
    /// <param name="s">The text, such as <c>64MiB</c>.</param>
    /// <param name="provider">Not used: a size has the same form in all cultures.</param>
    /// <returns>The size.</returns>
    /// <exception cref="FormatException">The text is not a size. The message names the accepted forms.</exception>
    public static ByteSize Parse(string s, IFormatProvider? provider)
    {
        ArgumentNullException.ThrowIfNull(s);
        return TryParse(s, out ByteSize size, out string? error) ? size : throw new FormatException(error);
    }

    /// <inheritdoc cref="Parse(string, IFormatProvider?)"/>
    public static ByteSize Parse(string s) => Parse(s, CultureInfo.InvariantCulture);

    /// <summary>Parses a size.</summary>
    /// <param name="text">The text, such as <c>64MiB</c>.</param>
    /// <param name="size">The size.</param>
    /// <returns>Whether the text is a size.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out ByteSize size) => TryParse(text, out size, out _);

    /// <inheritdoc cref="TryParse(string?, out ByteSize)"/>
    /// <param name="s">The text, such as <c>64MiB</c>.</param>
    /// <param name="provider">Not used: a size has the same form in all cultures.</param>
    /// <param name="result">The size.</param>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out ByteSize result) => TryParse(s, out result, out _);

    /// <summary>Parses a size. If the text is not a size, returns the reason.</summary>
    /// <param name="text">The text, such as <c>64MiB</c>.</param>
    /// <param name="size">The size.</param>
    /// <param name="error">The error and the accepted forms: a clause without a full stop.</param>
    /// <returns>Whether the text is a size.</returns>
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

    /// <summary>Returns the size in the largest unit that needs no fraction.</summary>
    /// <returns>For example <c>64MiB</c>. <see cref="Parse(string)"/> accepts it.</returns>
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
