namespace Zcrx.Interop.Emulation;

/// <summary>
/// Determines how many buffers the next read of a receive offers. The number follows the number that recent reads have filled, because each
/// offered buffer costs time.
/// </summary>
internal readonly record struct ReadSize
{
    private const int Fewest = 16;

    private readonly int _beyondFewest;

    private ReadSize(int buffers) => _beyondFewest = buffers - Fewest;

    /// <summary>Gets the number of buffers that the next read offers.</summary>
    public int Buffers => Fewest + _beyondFewest;

    /// <summary>
    /// Returns the size after a read. It grows at once when the read has filled all buffers. It shrinks slowly, because an additional read
    /// costs more than unused buffers.
    /// </summary>
    /// <param name="used">The number of buffers that the read has filled.</param>
    /// <param name="limit">The largest number of buffers per read.</param>
    public ReadSize Next(int used, int limit)
    {
        if (used >= Buffers)
        {
            return new ReadSize(int.Min(Buffers * 4, int.Max(limit, Fewest)));
        }

        return used < Buffers / 4 ? new ReadSize(int.Max(Buffers / 2, Fewest)) : this;
    }
}
