namespace Ingest.Sending;

/// <summary>Supplies the bytes that one connection sends. Only that connection reads it.</summary>
internal interface IStreamSource : IDisposable
{
    /// <summary>Gets the total number of bytes.</summary>
    long Length { get; }

    /// <summary>Reads from a position. Returns at least one byte before the end.</summary>
    int Read(long offset, Span<byte> destination);
}
