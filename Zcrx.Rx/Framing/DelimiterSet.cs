using System.Buffers;

namespace Zcrx.Rx.Framing;

/// <summary>Represents several delimiters, each of which ends a frame. Immutable.</summary>
/// <remarks>
/// A frame ends with the first delimiter that is complete. If several end at the same byte, the longest one matches. The end of a frame is
/// therefore known once a delimiter's last byte arrives, and does not depend on buffer boundaries.
/// </remarks>
internal sealed class DelimiterSet : IEquatable<DelimiterSet>
{
    private readonly byte[][] _delimiters;

    /// <summary>Initializes a set of delimiters. The caller must not change the arrays afterwards.</summary>
    /// <param name="delimiters">
    /// At least two different delimiters, the longest first. Equal sets must list them in the same order, because equality compares element
    /// by element.
    /// </param>
    public DelimiterSet(byte[][] delimiters)
    {
        _delimiters = delimiters;
        LastBytes = SearchValues.Create([.. delimiters.Select(static delimiter => delimiter[^1])]);
    }

    /// <summary>Gets the bytes that can be the last byte of a delimiter.</summary>
    public SearchValues<byte> LastBytes { get; }

    public IReadOnlyList<byte[]> All => _delimiters;

    public byte[] Longest => _delimiters[0];

    /// <summary>Returns the length of the longest delimiter with which the bytes end; 0 for none.</summary>
    public int LengthAtEnd(ReadOnlySpan<byte> bytes)
    {
        foreach (byte[] delimiter in _delimiters)
        {
            if (bytes.EndsWith(delimiter))
            {
                return delimiter.Length;
            }
        }

        return 0;
    }

    public bool Equals(DelimiterSet? other) =>
        other is not null
        && _delimiters.Length == other._delimiters.Length
        && _delimiters.Zip(other._delimiters).All(static pair => pair.First.AsSpan().SequenceEqual(pair.Second));

    public override bool Equals(object? obj) => Equals(obj as DelimiterSet);

    public override int GetHashCode()
    {
        HashCode hash = default;
        foreach (byte[] delimiter in _delimiters)
        {
            hash.Add(delimiter.Length);
            hash.AddBytes(delimiter);
        }

        return hash.ToHashCode();
    }

    public override string ToString() => string.Join('|', _delimiters.Select(Convert.ToHexString));
}
