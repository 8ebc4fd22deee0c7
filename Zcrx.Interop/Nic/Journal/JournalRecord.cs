namespace Zcrx.Interop.Nic.Journal;

/// <summary>A journal's file.</summary>
internal sealed record JournalRecord(int Version, JournalOwner Owner, IReadOnlyList<JournalEntry> Entries)
{
    public const int CurrentVersion = 1;
}
