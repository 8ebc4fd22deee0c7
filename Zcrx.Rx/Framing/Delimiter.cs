namespace Zcrx.Rx;

/// <summary>The bytes that stand behind each frame.</summary>
/// <remarks>Immutable; equal when bytes and <see cref="IncludeDelimiter"/> are. The default value is empty and refused.</remarks>
public readonly record struct Delimiter
{
    /// <summary>The most bytes a delimiter can have.</summary>
    public const int MaxLength = 128;

    private static readonly byte[] LineFeedBytes = [(byte)'\n'];
    private static readonly byte[] CrLfBytes = [(byte)'\r', (byte)'\n'];
    private static readonly byte[] NullBytes = [0];

    // Never changed after construction; copies of the struct share it.
    private readonly byte[]? _bytes;

    private Delimiter(byte[] bytes) => _bytes = bytes;

    /// <summary>A line feed, <c>\n</c>. A carriage return in front of it stays part of the frame.</summary>
    public static Delimiter LineFeed => new(LineFeedBytes);

    /// <summary>Carriage return and line feed, <c>\r\n</c>.</summary>
    public static Delimiter CrLf => new(CrLfBytes);

    /// <summary>A byte 0, as behind a C string.</summary>
    public static Delimiter Null => new(NullBytes);

    /// <summary>Whether the delimiter is handed on as the end of its frame, and counts into its length; otherwise it is dropped.</summary>
    public bool IncludeDelimiter { get; init; }

    /// <summary>The bytes.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    internal byte[]? Array => _bytes;

    /// <summary>A delimiter of one byte.</summary>
    /// <param name="delimiter">The byte.</param>
    /// <returns>The delimiter.</returns>
    public static Delimiter Of(byte delimiter) => new([delimiter]);

    /// <summary>A delimiter of several bytes.</summary>
    /// <param name="delimiter">The bytes, which are copied: 1 to <see cref="MaxLength"/>.</param>
    /// <returns>The delimiter.</returns>
    /// <exception cref="ArgumentException">There are none, or too many.</exception>
    public static Delimiter Of(ReadOnlySpan<byte> delimiter)
    {
        if (delimiter.IsEmpty || delimiter.Length > MaxLength)
        {
            throw new ArgumentException($"A delimiter has 1 to {MaxLength} bytes, not {delimiter.Length}.", nameof(delimiter));
        }

        return new Delimiter(delimiter.ToArray());
    }

    /// <inheritdoc/>
    public bool Equals(Delimiter other) => IncludeDelimiter == other.IncludeDelimiter && Bytes.SequenceEqual(other.Bytes);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        hash.Add(IncludeDelimiter);
        hash.AddBytes(Bytes);
        return hash.ToHashCode();
    }

    /// <summary>The bytes in hexadecimal, for logs.</summary>
    /// <returns>For instance <c>0D0A</c>.</returns>
    public override string ToString() => Convert.ToHexString(Bytes);
}
