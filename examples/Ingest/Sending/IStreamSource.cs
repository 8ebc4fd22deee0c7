namespace Ingest.Sending;

/// <summary>What one connection sends. Read by that connection alone.</summary>
internal interface IStreamSource : IDisposable
{
    /// <summary>Bytes in all.</summary>
    long Length { get; }

    /// <summary>Reads from a position; at least one byte before the end.</summary>
    int Read(long offset, Span<byte> destination);
}
