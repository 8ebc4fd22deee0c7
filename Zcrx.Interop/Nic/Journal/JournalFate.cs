namespace Zcrx.Interop.Nic.Journal;

/// <summary>Specifies what to do with the journal of another process.</summary>
internal enum JournalFate
{
    /// <summary>Keep the journal, because its owner runs or the state of its owner is unknown.</summary>
    Leave,

    /// <summary>Undo the changes, because their owner has died.</summary>
    Undo,

    /// <summary>Delete the journal, because the machine has restarted and the settings are gone.</summary>
    Forget,
}
