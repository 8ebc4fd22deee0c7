namespace Zcrx.Interop.Nic.Journal;

/// <summary>Represents the result of reading a journal's file.</summary>
/// <param name="Record">The journal; null when it could not be read or this version does not support it.</param>
/// <param name="Problem">The reason why the journal could not be read.</param>
/// <param name="IsInvalid">Whether the file is no journal of any version of this library.</param>
internal sealed record JournalReading(JournalRecord? Record, string? Problem, bool IsInvalid)
{
    public static JournalReading Of(JournalRecord record) => new(record, null, IsInvalid: false);

    public static JournalReading Invalid(string problem) => new(null, problem, IsInvalid: true);

    public static JournalReading Unknown(string problem) => new(null, problem, IsInvalid: false);
}
