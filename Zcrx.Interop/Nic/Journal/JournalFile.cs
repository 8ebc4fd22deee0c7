using System.Globalization;
using System.Text.Json;
using Zcrx.Interop.Errors;
using Zcrx.Interop.Kernel;
using Zcrx.Interop.Processes;

namespace Zcrx.Interop.Nic.Journal;

/// <summary>
/// Stores a journal in a file. A new file replaces the old one, so that the file is never incomplete. The file is deleted when no change is
/// left to undo.
/// </summary>
internal sealed class JournalFile(string directory, JournalOwner owner) : IJournalStore
{
    private const ulong LongestFile = 4 << 20;

    private readonly string _path = Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"{owner.Pid}-{owner.StartTime}.json"));

    public void Save(IReadOnlyList<JournalEntry> entries)
    {
        if (entries.Count == 0)
        {
            File.Delete(_path);
            Flush(directory);
            return;
        }

        string temporary = _path + ".new";
        // The directory is private, so only this user can read the file.
        using (FileStream file = new(temporary, FileMode.Create, FileAccess.Write))
        {
            JsonSerializer.Serialize(file, new JournalRecord(JournalRecord.CurrentVersion, owner, entries), JournalJson.Default.JournalRecord);
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, _path, overwrite: true);
        Flush(directory);
    }

    /// <summary>Reads a journal. Never blocks. Never throws because of the file's content.</summary>
    public static JournalReading Read(string path)
    {
        int result = FileStatus.Of(path, out FileStatus status);
        if (result < 0)
        {
            return JournalReading.Unknown($"cannot be read ({ErrnoText.Describe(-result)})");
        }

        if (!status.IsRegular)
        {
            // Opening a FIFO would block.
            return JournalReading.Invalid("not a regular file");
        }

        if (status.UserId != ProcessUser.Id)
        {
            return JournalReading.Invalid($"belongs to user {status.UserId}");
        }

        if (status.Length > LongestFile)
        {
            return JournalReading.Invalid($"{status.Length} bytes are more than a journal can have");
        }

        try
        {
            return Check(JsonSerializer.Deserialize(File.ReadAllBytes(path), JournalJson.Default.JournalRecord));
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException)
        {
            return JournalReading.Invalid($"not a journal ({exception.Message.TrimEnd('.')})");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return JournalReading.Unknown($"cannot be read ({exception.Message.TrimEnd('.')})");
        }
    }

    private static JournalReading Check(JournalRecord? record)
    {
        if (record is null or { Version: <= 0 })
        {
            return JournalReading.Invalid("not a journal");
        }

        if (record.Version != JournalRecord.CurrentVersion)
        {
            return JournalReading.Unknown($"a journal of version {record.Version}, which this library does not support");
        }

        return record.WhyInvalid() is { } reason ? JournalReading.Invalid($"not a valid journal: {reason}") : JournalReading.Of(record);
    }

    /// <summary>Flushes a directory to disk. A new or renamed file survives a power failure only after its directory was flushed.</summary>
    private static void Flush(string directory)
    {
        int fd = Libc.OpenDirectory(directory);
        if (fd >= 0)
        {
            _ = Libc.Synchronize(fd);
            _ = Libc.Close(fd);
        }
    }
}
