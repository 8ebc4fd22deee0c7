namespace Zcrx.Rx.Framing;

/// <summary>
/// Holds the bytes around a seam, which is the boundary between two pieces of memory. They are the last bytes before it and the first bytes
/// behind it.
/// </summary>
internal ref struct Seam
{
    /// <summary>The largest number of bytes that are joined around a seam.</summary>
    public const int MaxLength = 2 * (Delimiter.MaxLength - 1);

    private readonly Span<byte> _bytes;
    private readonly int _side;

    /// <summary>Initializes the seam before the first piece. No bytes lie before it.</summary>
    /// <param name="bytes">The memory to use. It must have <see cref="MaxLength"/> bytes.</param>
    /// <param name="side">The number of bytes to join on each side, which is one less than the length of the longest delimiter.</param>
    public Seam(Span<byte> bytes, int side)
    {
        _bytes = bytes;
        _side = side;
    }

    /// <summary>Gets the number of joined bytes before the seam.</summary>
    public int Before { get; private set; }

    /// <summary>Returns the joined bytes before and behind the seam.</summary>
    /// <param name="piece">The piece behind the seam.</param>
    public readonly ReadOnlySpan<byte> Join(ReadOnlySpan<byte> piece)
    {
        int after = Math.Min(_side, piece.Length);
        piece[..after].CopyTo(_bytes[Before..]);
        return _bytes[..(Before + after)];
    }

    /// <summary>Moves to the seam behind a piece.</summary>
    public void Pass(ReadOnlySpan<byte> piece)
    {
        if (piece.Length >= _side)
        {
            piece[(piece.Length - _side)..].CopyTo(_bytes);
            Before = _side;
            return;
        }

        int length = Join(piece).Length;
        int excess = Math.Max(0, length - _side);
        _bytes[excess..length].CopyTo(_bytes);
        Before = length - excess;
    }
}
