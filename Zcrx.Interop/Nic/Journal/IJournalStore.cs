namespace Zcrx.Interop.Nic.Journal;

/// <summary>Stores the entries of a journal.</summary>
internal interface IJournalStore
{
    /// <summary>
    /// Replaces the stored entries. When the method returns, the entries survive the end of the process and a power failure.
    /// </summary>
    void Save(IReadOnlyList<JournalEntry> entries);
}
