using System.Globalization;
using System.Text.Json;
using Zcrx.Interop.Kernel;

namespace Zcrx.Interop.Nic.Journal;

/// <summary>Stores a journal in a file. Replaces the file as a whole, so that it is never incomplete, and deletes it when there is nothing to undo.</summary>
internal sealed class JournalFile(string directory, JournalOwner owner) : IJournalStore
{
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
        // Only this user can read it: the directory is private.
        using (FileStream file = new(temporary, FileMode.Create, FileAccess.Write))
        {
            JsonSerializer.Serialize(file, new JournalRecord(JournalRecord.CurrentVersion, owner, entries), JournalJson.Default.JournalRecord);
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, _path, overwrite: true);
        Flush(directory);
    }

    /// <summary>Reads a journal; null for another file, or for a version that this library does not support.</summary>
    public static JournalRecord? Read(string path)
    {
        try
        {
            JournalRecord? record = JsonSerializer.Deserialize(File.ReadAllBytes(path), JournalJson.Default.JournalRecord);
            return record is { Version: JournalRecord.CurrentVersion, Owner: not null, Entries: not null } ? record : null;
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Flushes a directory: a file's name is on disk only when its directory is.</summary>
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
