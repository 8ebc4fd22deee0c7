using Ingest.Commands;
using Microsoft.Win32.SafeHandles;

namespace Ingest.Sending;

/// <summary>Supplies the bytes of a file. The length is the length of the file when it is opened.</summary>
internal sealed class FileBytes : IStreamSource
{
    private readonly SafeFileHandle _file;

    private FileBytes(SafeFileHandle file)
    {
        _file = file;
        Length = RandomAccess.GetLength(file);
    }

    public long Length { get; }

    public static FileBytes Open(string path)
    {
        try
        {
            return new FileBytes(File.OpenHandle(path, options: FileOptions.SequentialScan));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new UsageException($"the file '{path}' cannot be read: {exception.Message}", exception);
        }
    }

    public int Read(long offset, Span<byte> destination)
    {
        int count = RandomAccess.Read(_file, destination[..(int)Math.Min(destination.Length, Length - offset)], offset);
        return count > 0 ? count : throw new IOException("the file has become shorter while it was being sent");
    }

    public void Dispose() => _file.Dispose();
}
