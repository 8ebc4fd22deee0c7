namespace LogIngest.Settings;

/// <summary>Specifies the treatment of messages that are not valid.</summary>
internal enum BadInputPolicy
{
    /// <summary>Invalid messages are stored as received, with their flags.</summary>
    Store,

    /// <summary>Invalid messages are counted and dropped. A connection whose framing is lost is reset.</summary>
    Refuse,
}
