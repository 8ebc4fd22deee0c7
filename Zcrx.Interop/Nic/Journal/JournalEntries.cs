namespace Zcrx.Interop.Nic.Journal;

/// <summary>Holds the changes to undo, in the order in which they were made, and stores them.</summary>
/// <remarks>Used under the journal's lock.</remarks>
/// <param name="store">The store of the entries, such as a file.</param>
/// <param name="report">Receives a line for each entry that could not be stored.</param>
/// <param name="entries">The changes to undo that the journal already contains.</param>
internal sealed class JournalEntries(IJournalStore store, Action<string> report, IEnumerable<JournalEntry> entries)
{
    private readonly List<JournalEntry> _entries = [.. entries];

    public IReadOnlyList<JournalEntry> All => _entries;

    public JournalEntry? FindLast(Predicate<JournalEntry> which) => _entries.FindLast(which);

    /// <summary>
    /// Stores the entry <paramref name="coming"/>, makes the change, and stores the entry that the change returns. If
    /// <paramref name="known"/> is not null, the new entry replaces it. If the change fails, the previous entries are restored, since a
    /// failed change has no effect.
    /// </summary>
    public void Change(JournalEntry? known, JournalEntry coming, Func<JournalEntry?> change)
    {
        List<JournalEntry> before = [.. _entries];
        Replace(known, coming);
        try
        {
            store.Save(_entries);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Restore(before);
            throw JournalDirectory.CannotWrite(exception);
        }

        JournalEntry? done;
        try
        {
            done = change();
        }
        catch (ZcrxException)
        {
            Restore(before);
            TrySave();
            throw;
        }

        Replace(coming, done);
        TrySave();
    }

    /// <summary>Removes the entry of a change that needs no undoing.</summary>
    public void Remove(JournalEntry entry)
    {
        Replace(entry, null);
        TrySave();
    }

    private void Replace(JournalEntry? old, JournalEntry? replacement)
    {
        int place = old is null ? -1 : _entries.FindIndex(entry => ReferenceEquals(entry, old));
        if (place >= 0)
        {
            _entries.RemoveAt(place);
        }

        if (replacement is not null)
        {
            _entries.Insert(place >= 0 ? place : _entries.Count, replacement);
        }
    }

    private void Restore(List<JournalEntry> entries)
    {
        _entries.Clear();
        _entries.AddRange(entries);
    }

    /// <summary>
    /// Saves the entries. A failure is reported and not thrown, because the stored entries still suffice to undo the changes.
    /// </summary>
    private void TrySave()
    {
        try
        {
            store.Save(_entries);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            report(JournalDirectory.CannotWrite(exception).Message);
        }
    }
}
