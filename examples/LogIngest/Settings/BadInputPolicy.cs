namespace LogIngest.Settings;

/// <summary>Specifies the treatment of invalid messages.</summary>
internal enum BadInputPolicy
{
    /// <summary>Stores invalid messages as received, with their flags.</summary>
    Store,

    /// <summary>Counts and drops invalid messages. A connection that loses its framing is reset.</summary>
    Refuse,
}
