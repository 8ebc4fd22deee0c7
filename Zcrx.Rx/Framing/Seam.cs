namespace Zcrx.Rx.Framing;

/// <summary>Holds the bytes around the seam (the boundary) of two pieces: the last bytes before it, and the first bytes after it.</summary>
internal ref struct Seam
{
    /// <summary>The maximum number of bytes that a seam needs.</summary>
    public const int MaxLength = 2 * (Delimiter.MaxLength - 1);

    private readonly Span<byte> _bytes;
    private readonly int _side;

    /// <summary>Initializes a seam in front of the first piece.</summary>
    /// <param name="bytes">The memory to use, <see cref="MaxLength"/> bytes.</param>
    /// <param name="side">The number of bytes on each side: one less than the length of the longest delimiter.</param>
    public Seam(Span<byte> bytes, int side)
    {
        _bytes = bytes;
        _side = side;
    }

    /// <summary>Gets the number of bytes in front of the seam.</summary>
    public int Before { get; private set; }

    /// <summary>Returns the bytes around the seam.</summary>
    /// <param name="piece">The piece after the seam.</param>
    public readonly ReadOnlySpan<byte> Join(ReadOnlySpan<byte> piece)
    {
        int after = Math.Min(_side, piece.Length);
        piece[..after].CopyTo(_bytes[Before..]);
        return _bytes[..(Before + after)];
    }

    /// <summary>Moves to the seam after a piece.</summary>
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
