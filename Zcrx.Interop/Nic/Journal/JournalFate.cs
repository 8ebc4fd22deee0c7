namespace Zcrx.Interop.Nic.Journal;

/// <summary>Specifies what happens to the journal of another process.</summary>
internal enum JournalFate
{
    /// <summary>Keep it: its owner runs, or its state is unknown here.</summary>
    Leave,

    /// <summary>Undo it: its owner has died.</summary>
    Undo,

    /// <summary>Delete it: the machine has restarted, and the settings are gone.</summary>
    Forget,
}
