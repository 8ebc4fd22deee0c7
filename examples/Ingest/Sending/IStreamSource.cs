namespace Ingest.Sending;

/// <summary>Supplies the bytes that one connection sends. No other connection reads from the same source.</summary>
internal interface IStreamSource : IDisposable
{
    /// <summary>Gets the total number of bytes.</summary>
    long Length { get; }

    /// <summary>Reads from a position. Returns at least one byte if the position is before the end.</summary>
    int Read(long offset, Span<byte> destination);
}
