namespace Zcrx.Interop.Nic.Journal;

/// <summary>Stores the entries of a journal.</summary>
internal interface IJournalStore
{
    /// <summary>Replaces what is kept; when it returns, it would outlive the process and the machine.</summary>
    void Save(IReadOnlyList<JournalEntry> entries);
}
