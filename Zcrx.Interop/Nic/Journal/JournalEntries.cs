namespace Zcrx.Interop.Nic.Journal;

/// <summary>Holds the changes to undo, in the order in which they were made, and keeps their record on disk the same.</summary>
/// <remarks>Used under the journal's lock.</remarks>
/// <param name="store">Where it is written.</param>
/// <param name="report">Is told in words what could not be written.</param>
/// <param name="entries">What is to be undone already.</param>
internal sealed class JournalEntries(IJournalStore store, Action<string> report, IEnumerable<JournalEntry> entries)
{
    private readonly List<JournalEntry> _entries = [.. entries];

    public IReadOnlyList<JournalEntry> All => _entries;

    public JournalEntry? FindLast(Predicate<JournalEntry> which) => _entries.FindLast(which);

    /// <summary>Writes down what may come, makes the change, and then writes down what has come. A change that fails has changed nothing.</summary>
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

    /// <summary>There is nothing to undo about it any more.</summary>
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

    /// <summary>Makes the record more exact. It is true without that, too.</summary>
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
