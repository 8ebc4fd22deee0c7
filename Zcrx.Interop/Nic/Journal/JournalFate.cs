namespace Zcrx.Interop.Nic.Journal;

/// <summary>Specifies what happens to the journal of another process.</summary>
internal enum JournalFate
{
    /// <summary>Keep the journal: its owner runs, or the state of its owner is unknown.</summary>
    Leave,

    /// <summary>Undo the changes: their owner has died.</summary>
    Undo,

    /// <summary>Delete the journal: the machine has restarted, so the settings are gone.</summary>
    Forget,
}
