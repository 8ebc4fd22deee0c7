namespace Zcrx.Interop.Nic.Journal;

/// <summary>Decides about a journal that was found.</summary>
internal enum JournalFate
{
    /// <summary>Its owner lives, or cannot be judged from here.</summary>
    Leave,

    /// <summary>Its owner has died.</summary>
    Undo,

    /// <summary>The machine was started anew; what was set is gone.</summary>
    Forget,
}
