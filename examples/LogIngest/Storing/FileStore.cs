using System.Buffers;
using System.Text.Json;
using LogIngest.Syslog;

namespace LogIngest.Storing;

/// <summary>Appends batches to a file, one JSON object per line. A batch counts as stored when it is on the disk.</summary>
/// <remarks>
/// <para>
/// An incomplete line of a killed process is removed. Complete lines of a failed batch stay. Its messages are then in the file twice,
/// because the batch is stored again.
/// </para>
/// <para>
/// Two processes may store in the same directory, as during a takeover. A store therefore uses the first file of its writer that no other
/// store uses. A lock file marks a file as used, because a lock on the file itself would also exclude readers.
/// </para>
/// </remarks>
internal sealed class FileStore : ILogStore
{
    // The errno EWOULDBLOCK. FileStream reports it as the HResult when another open file has the lock.
    private const int WouldBlock = 11;

    private readonly MessageReader _reader;
    private readonly FileStream _lock;
    private readonly FileStream _file;
    private readonly ArrayBufferWriter<byte> _lines = new(1 << 16);
    private readonly Utf8JsonWriter _json;

    private FileStore(MessageReader reader, FileStream heldLock, FileStream file)
    {
        _reader = reader;
        _lock = heldLock;
        _file = file;
        _json = new Utf8JsonWriter(_lines);
    }

    /// <summary>Opens the first file of a writer that no other store uses: <c>writer-0.jsonl</c>, <c>writer-0.1.jsonl</c> and so on.</summary>
    public static FileStore Open(MessageReader reader, string directory, int writer)
    {
        for (int number = 0; ; number++)
        {
            string path = Path.Combine(directory, number == 0 ? $"writer-{writer}" : $"writer-{writer}.{number}");
            if (TryLock($"{path}.lock") is not { } heldLock)
            {
                continue;
            }

            FileStream? file = null;
            try
            {
                file = new FileStream($"{path}.jsonl", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
                file.SetLength(EndOfLastLine(file));
                file.Position = file.Length;
                return new FileStore(reader, heldLock, file);
            }
            catch
            {
                file?.Dispose();
                heldLock.Dispose();
                throw;
            }
        }
    }

    public async Task<InvalidMessages> StoreAsync(LogBatch batch, CancellationToken cancellationToken)
    {
        _lines.ResetWrittenCount();
        InvalidMessages invalid = new();
        foreach (LogEntry entry in batch.Entries)
        {
            if (_reader.TryRead(in entry, invalid, out SyslogMessage message))
            {
                Write(in entry, in message);
            }
        }

        cancellationToken.ThrowIfCancellationRequested();
        await _file.WriteAsync(_lines.WrittenMemory, cancellationToken);
        _file.Flush(flushToDisk: true);
        return invalid;
    }

    public async ValueTask DisposeAsync()
    {
        await _json.DisposeAsync();
        await _file.DisposeAsync();
        await _lock.DisposeAsync();
    }

    // The kernel releases the lock when the process ends. The lock file is never deleted. Otherwise a second store could create and lock
    // a new file of the same name while the deleted one is still locked.
    private static FileStream? TryLock(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        }
        catch (IOException exception) when (exception.HResult == WouldBlock)
        {
            return null;
        }
    }

    private void Write(in LogEntry entry, in SyslogMessage message)
    {
        _json.Reset();
        _json.WriteStartObject();
        _json.WriteString("boot", entry.Stream.Boot);
        _json.WriteNumber("connection", entry.Stream.Connection);
        _json.WriteNumber("position", entry.Position);
        _json.WriteString("source", entry.Stream.Source);
        _json.WriteString("received", entry.Received);
        _json.WriteNumber("facility", message.Priority >> 3);
        _json.WriteNumber("severity", message.Priority & 7);
        if (message.Sent is { } sent)
        {
            _json.WriteString("sent", sent);
        }

        WriteText("host", message.Host);
        WriteText("app", message.App);
        WriteText("process", message.Process);
        WriteText("message_id", message.MessageId);
        if (message.IsBinary)
        {
            _json.WriteBase64String("raw", message.Raw.Span);
        }
        else
        {
            WriteText("data", message.Data);
            _json.WriteString("message", message.Text.Span);
        }

        _json.WriteNumber("flags", (int)message.Flags);
        _json.WriteEndObject();
        _json.Flush();
        _lines.Write("\n"u8);
    }

    private void WriteText(string name, ReadOnlyMemory<byte> value)
    {
        if (!value.IsEmpty)
        {
            _json.WriteString(name, value.Span);
        }
    }

    /// <summary>
    /// Returns the position after the last complete line. The bytes after this position are the incomplete line of a killed process.
    /// </summary>
    private static long EndOfLastLine(FileStream file)
    {
        byte[] block = new byte[1 << 16];
        for (long end = file.Length; end > 0;)
        {
            int length = (int)Math.Min(block.Length, end);
            file.Position = end - length;
            file.ReadExactly(block, 0, length);
            if (Array.LastIndexOf(block, (byte)'\n', length - 1, length) is var index and >= 0)
            {
                return end - length + index + 1;
            }

            end -= length;
        }

        return 0;
    }
}
