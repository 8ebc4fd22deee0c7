using Zcrx.Rx.Framing;

namespace Zcrx.Rx;

/// <summary>Represents one or more delimiters, any of which ends a frame.</summary>
/// <remarks>
/// Immutable. Two values are equal when their bytes and their <see cref="IncludeDelimiter"/> are equal. The default value has no bytes and
/// is invalid.
/// </remarks>
public readonly record struct Delimiter
{
    /// <summary>The largest number of bytes in a delimiter.</summary>
    public const int MaxLength = 128;

    private static readonly byte[] LineFeedBytes = [(byte)'\n'];
    private static readonly byte[] CrLfBytes = [(byte)'\r', (byte)'\n'];
    private static readonly byte[] NullBytes = [0];

    private static readonly DelimiterSet LineBytes = new([CrLfBytes, LineFeedBytes]);

    // Copies of the struct share this array, which never changes after construction.
    private readonly byte[]? _bytes;

    private Delimiter(byte[] bytes) => _bytes = bytes;

    private Delimiter(DelimiterSet set)
    {
        _bytes = set.Longest;
        Set = set;
    }

    /// <summary>
    /// Gets the delimiter <c>\n</c>. A carriage return before it stays part of the frame, unlike with <see cref="Line"/>.
    /// </summary>
    public static Delimiter LineFeed => new(LineFeedBytes);

    /// <summary>Gets the delimiter <c>\r\n</c>.</summary>
    public static Delimiter CrLf => new(CrLfBytes);

    /// <summary>Gets delimiters for lines: <c>\n</c> and <c>\r\n</c>, which may be mixed in one stream.</summary>
    public static Delimiter Line => new(LineBytes);

    /// <summary>Gets the delimiter that is a zero byte, as at the end of a C string.</summary>
    public static Delimiter Null => new(NullBytes);

    /// <summary>Gets a value that indicates whether a frame and its length include the delimiter. The default is false.</summary>
    public bool IncludeDelimiter { get; init; }

    /// <summary>Gets the bytes of the delimiter. If there are several delimiters, gets the bytes of the longest one.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    internal byte[]? Array => _bytes;

    /// <summary>Gets the set of delimiters; null when there is only one.</summary>
    internal DelimiterSet? Set { get; }

    /// <summary>Creates a delimiter of one byte.</summary>
    /// <param name="delimiter">The byte that ends a frame.</param>
    /// <returns>The delimiter.</returns>
    public static Delimiter Of(byte delimiter) => new([delimiter]);

    /// <summary>Creates a delimiter of several bytes.</summary>
    /// <param name="delimiter">The 1 to <see cref="MaxLength"/> bytes that end a frame. They are copied.</param>
    /// <returns>The delimiter.</returns>
    /// <exception cref="ArgumentException">The delimiter is empty or too long.</exception>
    public static Delimiter Of(ReadOnlySpan<byte> delimiter)
    {
        if (delimiter.IsEmpty || delimiter.Length > MaxLength)
        {
            throw new ArgumentException($"A delimiter has 1 to {MaxLength} bytes, not {delimiter.Length}.", nameof(delimiter));
        }

        return new Delimiter(delimiter.ToArray());
    }

    /// <summary>Creates a delimiter that matches either of two byte sequences.</summary>
    /// <param name="first">The 1 to <see cref="MaxLength"/> bytes of the first delimiter. They are copied.</param>
    /// <param name="second">The 1 to <see cref="MaxLength"/> bytes of the second delimiter. They are copied.</param>
    /// <returns>The delimiter. <see cref="Any(ReadOnlySpan{Delimiter})"/> describes how it matches.</returns>
    /// <exception cref="ArgumentException">
    /// A delimiter is empty or too long. Also thrown if one delimiter can never match, because the other one would always end first.
    /// </exception>
    public static Delimiter Any(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second) => Any(Of(first), Of(second));

    /// <summary>Creates a delimiter that matches any of several delimiters.</summary>
    /// <param name="delimiters">One or more delimiters, in any order.</param>
    /// <returns>
    /// The delimiter. A frame ends with the first of the delimiters that has arrived completely. If several end at the same byte, the
    /// longest one is the delimiter. With <c>\n</c> and <c>\r\n</c>, a carriage return before a line feed is therefore not part of the
    /// frame.
    /// </returns>
    /// <exception cref="ArgumentException">
    /// <para>No delimiter is given, one is the default value, or one has <see cref="IncludeDelimiter"/> set. Set it on the result
    /// instead.</para>
    /// <para>Also thrown if a delimiter can never match, because another one would always end first. With <c>\r</c> and <c>\r\n</c>,
    /// the carriage return would always end the frame first.</para>
    /// </exception>
    public static Delimiter Any(params ReadOnlySpan<Delimiter> delimiters)
    {
        HashSet<string> known = [];
        List<byte[]> all = [];
        foreach (Delimiter delimiter in delimiters)
        {
            if (delimiter.IncludeDelimiter)
            {
                throw new ArgumentException($"The delimiter {delimiter} sets IncludeDelimiter. Set it on the result of Any.", nameof(delimiters));
            }

            foreach (byte[] bytes in delimiter.Set?.All ?? [delimiter._bytes ?? []])
            {
                if (known.Add(Convert.ToHexString(bytes)))
                {
                    all.Add(bytes);
                }
            }
        }

        if (all.Count == 0 || known.Contains(string.Empty))
        {
            throw new ArgumentException("Specify at least one delimiter, for instance Delimiter.LineFeed and Delimiter.CrLf.", nameof(delimiters));
        }

        foreach (byte[] longer in all)
        {
            if (all.Find(shorter => longer.AsSpan(..^1).IndexOf(shorter) >= 0) is { } earlier)
            {
                throw new ArgumentException(
                    $"The delimiter {Convert.ToHexString(longer)} can never match, since it contains {Convert.ToHexString(earlier)}, "
                    + "which ends the frame earlier. Leave out one of them.",
                    nameof(delimiters));
            }
        }

        return all.Count == 1
            ? new Delimiter(all[0])
            : new Delimiter(new DelimiterSet([.. all.OrderByDescending(static bytes => bytes.Length).ThenBy(Convert.ToHexString, StringComparer.Ordinal)]));
    }

    /// <inheritdoc/>
    public bool Equals(Delimiter other) =>
        IncludeDelimiter == other.IncludeDelimiter && Bytes.SequenceEqual(other.Bytes) && Equals(Set, other.Set);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        hash.Add(IncludeDelimiter);
        hash.AddBytes(Bytes);
        hash.Add(Set);
        return hash.ToHashCode();
    }

    /// <summary>Returns the bytes as hexadecimal digits, for logs.</summary>
    /// <returns>The digits, for example <c>0D0A</c>, or <c>0D0A|0A</c> for two delimiters.</returns>
    public override string ToString() => Set?.ToString() ?? Convert.ToHexString(Bytes);
}
