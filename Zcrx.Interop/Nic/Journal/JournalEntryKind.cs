namespace Zcrx.Interop.Nic.Journal;

/// <summary>Identifies the kind of change that an entry records.</summary>
internal enum JournalEntryKind
{
    /// <summary>A change of header/data split and its threshold.</summary>
    Split,

    /// <summary>A change of the RSS table.</summary>
    RssTable,

    /// <summary>A flow rule that was added.</summary>
    RuleAdded,

    /// <summary>A flow rule that was removed.</summary>
    RuleRemoved,

    /// <summary>An RX queue that was leased to an interface of a container.</summary>
    QueueLeased,
}
