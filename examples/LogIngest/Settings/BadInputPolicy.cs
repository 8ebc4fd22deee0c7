namespace LogIngest.Settings;

/// <summary>Specifies the treatment of invalid messages.</summary>
internal enum BadInputPolicy
{
    /// <summary>Stores invalid messages as received, with their flags.</summary>
    Store,

    /// <summary>
    /// Counts and drops invalid messages. A connection is reset if an octet count is missing, or if the stream ends inside a counted
    /// message.
    /// </summary>
    Refuse,
}
