namespace Zcrx.Interop.Nic.Journal;

/// <summary>Represents the contents of a journal's file.</summary>
internal sealed record JournalRecord(int Version, JournalOwner Owner, IReadOnlyList<JournalEntry> Entries)
{
    public const int CurrentVersion = 1;
}
