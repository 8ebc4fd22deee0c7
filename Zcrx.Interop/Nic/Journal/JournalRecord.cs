namespace Zcrx.Interop.Nic.Journal;

/// <summary>Represents the contents of a journal's file.</summary>
internal sealed record JournalRecord(int Version, JournalOwner Owner, IReadOnlyList<JournalEntry> Entries)
{
    public const int CurrentVersion = 1;

    /// <summary>
    /// Returns why the record is invalid; null when it is valid. JSON can contain null for members that the compiler treats as not null, so
    /// these are checked.
    /// </summary>
    public string? WhyInvalid()
    {
        if (Owner is not { Boot: not null, NetworkNamespace: not null, PidNamespace: not null })
        {
            return "it names no owner";
        }

        if (Entries is null)
        {
            return "it has no entries";
        }

        return Entries.Select(static entry => entry is null ? "an entry is null" : entry.WhyInvalid()).FirstOrDefault(static reason => reason is not null);
    }
}
